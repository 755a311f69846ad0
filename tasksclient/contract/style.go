package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	// joint is what ids are joined by elsewhere, and what JSON begins with.
	joint = regexp.MustCompile(`[,;|["\s]`)
	// decimal is an integer as JSON writes it, but for -0, which is one to few.
	decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
)

// styleFindings tells values that are written in another way than the contract
// has it. Ids that are joined read as one strange id, and kin-openapi reads
// numbers as Go writes them, 0x10 and 1_000 too.
func styleFindings(p *openapi3.Parameter, values []string) []Finding {
	say := func(rule Rule, expected, got string) []Finding {
		return []Finding{{Where: "request query " + p.Name, Rule: rule, Expected: expected, Got: got}}
	}
	if schema := p.Schema.Value; !schema.Type.Is("array") {
		if len(values) > 1 {
			return say(RuleStyle, "one value", fmt.Sprintf("%d of them", len(values)))
		}
		if _, err := strconv.ParseInt(values[0], 0, 64); err == nil && schema.Type.Is("integer") && !decimal.MatchString(values[0]) {
			return say(RuleParameter, "an integer in decimal", short(values[0]))
		}
		return nil
	}
	switch repeated := (p.Explode == nil || *p.Explode) && (p.Style == "" || p.Style == openapi3.SerializationForm); {
	case !repeated && len(values) > 1:
		return say(RuleStyle, "one value, joined", fmt.Sprintf("%d of them", len(values)))
	case repeated && slices.ContainsFunc(values, joint.MatchString):
		return say(RuleStyle, "the parameter repeated, once for each value", short(strings.Join(values, "&")))
	}
	return nil
}
