package contract

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// quality is how much a request wants an answer of a type, from 0 to 1, as its
// Accept says (RFC 9110, 12.5.1): the range that names the type most closely
// decides. A request without one takes all.
func quality(header http.Header, kind string) float64 {
	ranges := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(ranges) == "" {
		return 1
	}
	family, _, _ := strings.Cut(kind, "/")
	best, closest := 0.0, 0
	for one := range strings.SplitSeq(ranges, ",") {
		name, parameters, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		closeness := map[string]int{kind: 3, family + "/*": 2, "*/*": 1}[name]
		if closeness == 0 || closeness < closest {
			continue
		}
		q := 1.0
		if text, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if closeness > closest || q > best {
			best, closest = q, closeness
		}
	}
	return best
}
