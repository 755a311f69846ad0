package contract

import (
	"errors"
	"net/url"
	"regexp"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	// zone is how a time of RFC 3339 ends; Go takes +24:60 too.
	zone = regexp.MustCompile(`(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
	// uri is what RFC 3986 lets stand in a URI; Go takes any text for a query.
	uri = regexp.MustCompile(`^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$`)
)

// strictFormats are the formats of the contract. kin-openapi looks at the shape
// of a time only, and at URLs not at all.
func strictFormats() []openapi3.SchemaValidationOption {
	shape := openapi3.SchemaStringFormats["date-time"]
	return []openapi3.SchemaValidationOption{
		openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(func(s string) error {
			_, err := time.Parse(time.RFC3339Nano, s)
			if err == nil && !zone.MatchString(s) {
				err = errors.New("there is no such zone")
			}
			return errors.Join(shape.Validate(s), err)
		})),
		openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(absolute)),
	}
}

// absolute says what keeps a text from being an absolute URL.
func absolute(s string) error {
	u, err := url.Parse(s)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !uri.MatchString(s)) {
		err = errors.New("no absolute URL")
	}
	return err
}
