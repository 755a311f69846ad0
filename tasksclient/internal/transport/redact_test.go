package transport_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// forms are ways in which a server may write a secret.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	var escaped, percent strings.Builder
	for _, c := range []byte(secret) {
		fmt.Fprintf(&escaped, `\u%04X`, c)
		fmt.Fprintf(&percent, "%%%02x", c)
	}
	forms := map[string]string{
		"as it is":                        secret,
		"lower case":                      strings.ToLower(secret),
		"upper case":                      strings.ToUpper(secret),
		"its beginning":                   secret[:8],
		"its beginning in another case":   strings.ToLower(secret[:12]),
		"quoted by Go":                    fmt.Sprintf("%q", secret),
		"quoted by JSON":                  string(quoted),
		"quoted twice":                    fmt.Sprintf("%q", string(quoted)),
		"escaped for a query":             url.QueryEscape(secret),
		"escaped for a query, lower case": strings.ToLower(url.QueryEscape(secret)),
		"escaped for a path":              url.PathEscape(secret),
		"escaped for a URL twice":         url.QueryEscape(url.QueryEscape(secret)),
		"every byte escaped for a URL":    percent.String(),
		"every byte escaped by JSON":      escaped.String(),
	}
	for _, before := range []string{"", "u", "me", "me:", "user:"} {
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64 for URLs": base64.RawURLEncoding} {
			forms[fmt.Sprintf("%s behind %d bytes", name, len(before))] = encoding.EncodeToString([]byte(before + secret + ":x"))
			forms[fmt.Sprintf("the beginning in %s behind %d bytes", name, len(before))] = encoding.EncodeToString([]byte(before + secret[:12]))
		}
	}
	return forms
}

func TestASecretIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	plain := answer(nil).transport()
	for name, text := range forms(secret) {
		got := plain.Redact("before "+text+" behind", 500)
		if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " behind") || !strings.Contains(got, "REDACTED") {
			t.Errorf("%s: %s", name, got)
		}
		// What is left must say nothing: no part of eight bytes of the form.
		for i := 0; i+8 <= len(text); i++ {
			if part := text[i : i+8]; strings.Contains(got, part) {
				t.Errorf("%s: %q is left in %s", name, part, got)
				break
			}
		}
	}
}

func TestASecretBehindALotOfTextIsNotCutInHalf(t *testing.T) {
	t.Parallel()
	tr := answer(nil).transport()
	for before := range 900 {
		got := tr.Redact(strings.Repeat("x", before)+secret, 200)
		if i := strings.Index(got, secret[:3]); i >= 0 || len(got) > 200 {
			t.Fatalf("behind %d bytes: %d bytes, %s", before, len(got), got)
		}
		got = tr.Redact(strings.Repeat(" ", before)+secret, 200)
		if strings.Contains(got, secret[:3]) {
			t.Fatalf("behind %d spaces: %s", before, got)
		}
	}
}

func TestAShortSecretIsFoundWholeOnly(t *testing.T) {
	t.Parallel()
	tr := answer(nil).transport(func(c *transport.Config) { c.Secrets = []string{"", "hunter2", "k"} })
	if got := tr.Redact("hunter and HUNTER2, ok", 100); got != "hunter and REDACTED, oREDACTED" {
		t.Error(got)
	}
	if got := answer(nil).transport(func(c *transport.Config) { c.Secrets = nil }).Redact("as it is", 100); got != "as it is" {
		t.Error(got)
	}
}

func TestTextOfTheWireBecomesOneBoundedLine(t *testing.T) {
	t.Parallel()
	tr := answer(nil).transport()
	for text, want := range map[string]string{
		"":                                  "",
		"two\r\nlines\x00 \x1b[31m\u2028":   "two lines [31m",
		"not \xff UTF-8":                    "not \uFFFD UTF-8",
		strings.Repeat("x", 20):             strings.Repeat("x", 20),
		strings.Repeat("x", 21):             strings.Repeat("x", 17) + "…",
		strings.Repeat("é", 20):             strings.Repeat("é", 8) + "…",
		"x" + strings.Repeat(" ", 100):      "x…",
		strings.Repeat(" ", 100) + "later":  "…",
		"100 % of \\ and & and %zz \\u &x;": "100 % of \\ and & …",
	} {
		got := tr.Redact(text, 20)
		if got != want || len(got) > 20 || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzRedactLeavesNoSecret(f *testing.F) {
	for _, text := range forms(secret) {
		f.Add(text, uint8(100))
	}
	tr := answer(nil).transport()
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		for _, s := range []string{text, text + secret, url.QueryEscape(text + secret)} {
			got := tr.Redact(s, int(size))
			if len(got) > int(size) || strings.ContainsAny(got, "\r\n\x00") || strings.Contains(strings.ToLower(got), strings.ToLower(secret[:8])) {
				t.Errorf("%q, %d: %q", s, size, got)
			}
		}
	})
}
