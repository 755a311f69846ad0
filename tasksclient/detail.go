package tasksclient

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
)

// detail reads the shapes of error bodies that are known: {"detail": …},
// {"error": …}, field errors ({"task_ids": ["…"]}) and bare arrays of text.
func detail(body []byte) string {
	if len(body) > maxErrorBytes {
		return "" // no error is that long; it is somebody's page
	}
	said := map[string]string{}
	var bare string
	err := decode(body, func(dec *jsontext.Decoder) (err error) {
		if dec.PeekKind() == '[' {
			bare, err = readWords(dec, "; ")
			return err
		}
		return readObject(dec, reflect.TypeFor[gen.ErrorDetail](), func(dec *jsontext.Decoder, name []byte) (err error) {
			said[string(name)], err = readWords(dec, " ")
			return err
		})
	})
	if err != nil {
		return ""
	}
	for _, name := range []string{"detail", "error"} {
		if said[name] != "" {
			return said[name]
		}
	}
	var texts []string
	for name, text := range said {
		if text != "" {
			texts = append(texts, name+": "+text)
		}
	}
	slices.Sort(texts)
	return bare + strings.Join(texts, "; ")
}

// readWords reads a text, or an array of texts, joined; "" if it is something
// else.
func readWords(dec *jsontext.Decoder, with string) (string, error) {
	switch dec.PeekKind() {
	case '"':
		return readText[string](dec, nil)
	case '[':
	default:
		return "", dec.SkipValue()
	}
	var texts []string
	if _, err := dec.ReadToken(); err != nil {
		return "", err
	}
	for dec.PeekKind() != ']' {
		text, err := readWords(dec, with)
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	_, err := dec.ReadToken()
	return strings.Join(texts, with), err
}
