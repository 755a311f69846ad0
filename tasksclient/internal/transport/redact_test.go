package transport_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// forms are ways in which a server may write a secret.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	var escaped, percent, entities strings.Builder
	for _, c := range []byte(secret) {
		fmt.Fprintf(&escaped, `\u%04X`, c)
		fmt.Fprintf(&percent, "%%%02x", c)
		fmt.Fprintf(&entities, "&#%d;", c)
	}
	forms := map[string]string{
		"as it is":                         secret,
		"lower case":                       strings.ToLower(secret),
		"upper case":                       strings.ToUpper(secret),
		"its beginning":                    secret[:8],
		"its beginning in another case":    strings.ToLower(secret[:12]),
		"quoted by Go":                     fmt.Sprintf("%q", secret),
		"quoted by JSON":                   string(quoted),
		"quoted twice":                     fmt.Sprintf("%q", string(quoted)),
		"escaped for a query":              url.QueryEscape(secret),
		"escaped for a query, lower case":  strings.ToLower(url.QueryEscape(secret)),
		"escaped for a path":               url.PathEscape(secret),
		"escaped for a URL twice":          url.QueryEscape(url.QueryEscape(secret)),
		"every byte escaped for a URL":     percent.String(),
		"every byte escaped by JSON":       escaped.String(),
		"escaped by HTML":                  html.EscapeString(secret),
		"every byte escaped by HTML":       entities.String(),
		"escaped by HTML in JSON in a URL": url.QueryEscape(fmt.Sprintf("%q", html.EscapeString(secret))),
		"in hexadecimal":                   fmt.Sprintf("%x", secret),
		"its beginning in hexadecimal":     fmt.Sprintf("%X", secret[:8]),
		"spaced":                           strings.Join(strings.Split(secret, ""), " - "),
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
	tr := signed(t, secret)
	for name, text := range forms(secret) {
		want := "REDACTED" // all of the text
		if slices.Contains([]string{"as it is", "escaped for a query", "escaped for a path"}, name) {
			want = "before REDACTED behind"
		}
		for _, got := range []string{tr.Redact("before "+text+" behind", 500), tr.RedactAll("before " + text + " behind")} {
			if got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		// Also where two windows of a long text meet.
		for _, before := range []int{60 << 10, 64<<10 - len(text)/2, 64<<10 - 4} {
			long := strings.Repeat("%", before) + text + strings.Repeat(".", 70<<10)
			if got := tr.RedactAll(long); strings.Contains(got, text) || (want == "REDACTED" && got != want) {
				t.Errorf("%s, behind %d bytes: it was left", name, before)
			}
		}
	}
}

func TestATextWithoutASecretIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	tr := signed(t, secret)
	for _, text := range []string{"", "K3y", "a % b \\ & c &unknown; &; %zz \\u00 \\x &#x;", "line\nline\x00\xff", strings.Repeat("a%20b\\u0041", 1<<15), strings.ToUpper(secret[8:])} {
		if got := tr.RedactAll(text); got != text {
			t.Errorf("%.50q became %.50q", text, got)
		}
	}
}

// A task's error may be as long as a body.
func TestALongTextIsRedactedInLittleMemory(t *testing.T) {
	// Not parallel: it measures what the process allocates.
	tr := signed(t, secret)
	var before, after runtime.MemStats
	for part, most := range map[string]uint64{"no secret. ": 1 << 20, "no%20secret. ": 100 << 20} {
		text := strings.Repeat(part, 16<<20/len(part))
		runtime.ReadMemStats(&before)
		start := time.Now()
		if tr.RedactAll(text) != text {
			t.Errorf("%q was changed", part)
		}
		runtime.ReadMemStats(&after)
		t.Logf("%q: %v for %d bytes", part, time.Since(start), len(text))
		if n := after.TotalAlloc - before.TotalAlloc; n > most {
			t.Errorf("%q: it allocates %d bytes", part, n)
		}
	}
}

func TestASecretBehindALotOfTextIsNotCutInHalf(t *testing.T) {
	t.Parallel()
	tr := signed(t, secret)
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
	tr := signed(t, "hunter2", "", "k")
	for text, want := range map[string]string{"hunter and hunter2, ok": "hunter and REDACTED, oREDACTED", "hunter, HUNTER2": "REDACTED", "OK hunter": "OK hunter"} {
		if got := tr.Redact(text, 100); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := signed(t, "").Redact("as it is", 100); got != "as it is" {
		t.Error(got)
	}
	// A short one that is part of a long one does not hide that this was cut.
	if got := signed(t, secret, "3", secret[:9]).Redact(secret+" "+secret[:8], 100); got != "REDACTED" {
		t.Error(got)
	}
}

func TestTextOfTheWireBecomesOneBoundedLine(t *testing.T) {
	t.Parallel()
	tr := signed(t, secret)
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
	tr := signed(f, secret)
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		for _, s := range []string{text, text + secret, url.QueryEscape(text + secret)} {
			got := tr.Redact(s, int(size))
			if len(got) > int(size) || strings.ContainsAny(got, "\r\n\x00") || strings.Contains(strings.ToLower(got), strings.ToLower(secret[:8])) {
				t.Errorf("%q, %d: %q", s, size, got)
			}
		}
	})
}
