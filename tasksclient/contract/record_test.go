package contract_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// recordedKey has what any form of writing escapes.
const recordedKey = `k3y+/with"odd&chars-and-32-bytes`

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is a transport that always gives the same answer.
func answer(header http.Header, body string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		h := header.Clone()
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/json")
		}
		return &http.Response{StatusCode: http.StatusBadRequest, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
}

// pass sends a request with these headers, as they are spelt, through the
// recorder.
func pass(t *testing.T, recorder *contract.Recorder, target string, header http.Header) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.test/v0.7"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	res, err := recorder.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func escapedJSON(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, `\u%04X`, c)
	}
	return b.String()
}

func utf16of(text string) string {
	var b bytes.Buffer
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

// Each way of writing the key is put into an answer, as a body, inside a body's
// string, and as a header that is kept.
func TestAnExchangeThatHoldsTheKeyInAnyFormIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding
	for name, form := range map[string]string{
		"as it is":                     recordedKey,
		"escaped as JSON":              `k3y+/with\"odd\u0026chars-and-32-bytes`,
		"all of it escaped":            escapedJSON(recordedKey),
		"escaped twice":                strings.ReplaceAll(escapedJSON(recordedKey), `\`, `\\`),
		"escaped for a query":          "k3y%2B%2Fwith%22odd%26chars-and-32-bytes",
		"escaped for a path":           "k3y+%2Fwith%22odd&chars-and-32-bytes",
		"escaped for HTML":             "k3y+/with&quot;odd&amp;chars-and-32-bytes",
		"in capitals":                  strings.ToUpper(recordedKey),
		"in hex":                       hex.EncodeToString([]byte(recordedKey)),
		"in hex with colons":           strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% X ", recordedKey), " ", ":"), ":"),
		"in base64":                    b64.EncodeToString([]byte(recordedKey)),
		"in base64 for URLs":           base64.RawURLEncoding.EncodeToString([]byte(recordedKey)),
		"in base64 behind a user":      b64.EncodeToString([]byte("user:" + recordedKey)),
		"in base64 behind another":     b64.EncodeToString([]byte("someone:" + recordedKey)),
		"in base64 twice":              b64.EncodeToString([]byte(b64.EncodeToString([]byte(recordedKey)))),
		"in base64 of hex":             b64.EncodeToString([]byte(hex.EncodeToString([]byte(recordedKey)))),
		"its first 14 bytes":           recordedKey[:14],
		"its last 14 bytes":            recordedKey[len(recordedKey)-14:],
		"its first 14 bytes in base64": b64.EncodeToString([]byte("x:" + recordedKey[:14])),
		"as a list of bytes":           strings.Trim(strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("%d", []byte(recordedKey))), " ", ", "), "[]"),
		"in groups":                    "k3y+ /wit h\"od d&ch ars- and- 32-b ytes",
	} {
		for place, at := range map[string]struct {
			header http.Header
			body   string
		}{
			"body":        {http.Header{}, form},
			"JSON":        {http.Header{}, `{"detail":"No such key: ` + form + `."}`},
			"request id":  {http.Header{"X-Request-Id": {form}}, "{}"},
			"location":    {http.Header{"Location": {"/v0.7/tasks/" + form}}, "{}"},
			"retry after": {http.Header{"retry-after": {form}}, "{}"},
		} {
			recorder := &contract.Recorder{Next: answer(at.header, at.body)}
			if got := pass(t, recorder, "/tasks/1", http.Header{"X-Api-Key": {recordedKey}}); got != at.body {
				t.Errorf("%s, %s: the exchange was changed: %s", name, place, got)
			}
			rec, err := recorder.Recording("r", "a test")
			var secret *contract.SecretError
			if !errors.As(err, &secret) || secret.Exchange != 1 || secret.Secret != "request header X-Api-Key" || !strings.HasPrefix(secret.Part, "response ") {
				t.Errorf("%s, %s: err = %v, recording\n%s", name, place, err, rec.Format())
				continue
			}
			if strings.Contains(err.Error(), "k3y") || len(rec.Exchanges) != 0 {
				t.Errorf("%s, %s: %v", name, place, err)
			}
		}
	}
}

func TestAKeyInUTF16OrInACompressedBodyIsFound(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Next: answer(http.Header{}, utf16of(recordedKey))}
	pass(t, recorder, "/tasks/1", http.Header{"X-Api-Key": {recordedKey}})
	recorder.Next = answer(http.Header{"Content-Encoding": {"gzip"}}, gzipped(t, recordedKey))
	pass(t, recorder, "/tasks/1", http.Header{"X-Api-Key": {recordedKey}})
	recorder.Next = answer(http.Header{"Content-Encoding": {"br"}}, "\x0b\x01")
	pass(t, recorder, "/tasks/1", http.Header{"X-Api-Key": {recordedKey}})
	recorder.Next = answer(http.Header{"Content-Encoding": {"gzip"}, "Content-Length": {"99"}}, gzipped(t, `{"detail":"No."}`))
	pass(t, recorder, "/tasks/1", http.Header{"X-Api-Key": {recordedKey}})
	rec, err := recorder.Recording("r", "a test")
	for _, want := range []string{"exchange 1", "exchange 2", "exchange 3 is not recorded: its body is compressed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
	if len(rec.Exchanges) != 1 || string(rec.Exchanges[0].Body) != `{"detail":"No."}` || rec.Exchanges[0].Header.Get("Content-Length") != "" {
		t.Errorf("%s", rec.Format())
	}
}

// What a request or an answer carries is a secret whatever its header is
// called and however its name is spelt.
func TestWhateverAnExchangeCarriesAsACredentialIsASecret(t *testing.T) {
	t.Parallel()
	const secret = "5e55104-5e55104-5e55104"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret))
	for name, c := range map[string]struct {
		sent, got http.Header
		query     string
	}{
		"a key through the map":   {sent: http.Header{"X-API-KEY": {secret}}},
		"a key in lower case":     {sent: http.Header{"x-api-key": {secret}}},
		"an app id":               {sent: http.Header{"X-APP-ID": {secret}}},
		"a bearer":                {sent: http.Header{"Authorization": {"Bearer " + secret}}},
		"a bearer through a map":  {sent: http.Header{"AUTHORIZATION": {"bearer " + secret}}},
		"a password":              {sent: http.Header{"Authorization": {basic}}},
		"a proxy's password":      {sent: http.Header{"proxy-authorization": {basic}}},
		"a cookie":                {sent: http.Header{"Cookie": {"a=b; session=" + secret}}},
		"a new cookie":            {got: http.Header{"set-cookie": {"session=" + secret + "; Path=/; HttpOnly"}}},
		"a token of another name": {sent: http.Header{"X-Amz-Security-Token": {secret}}},
		"the answer's own token":  {got: http.Header{"X-Csrf-Token": {secret}}},
		"a query value":           {query: "?signature=" + secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := c.got
			if header == nil {
				header = http.Header{}
			}
			recorder := &contract.Recorder{Next: answer(header, `{"detail":"hello"}`)}
			pass(t, recorder, "/tasks/1"+c.query, c.sent)
			rec, err := recorder.Recording("r", "a test")
			if err != nil || len(rec.Exchanges) != 1 || strings.Contains(string(rec.Format()), "5e55104") {
				t.Errorf("without an echo: %v\n%s", err, rec.Format())
			}
			recorder.Next = answer(header, `{"detail":"`+secret+`"}`)
			pass(t, recorder, "/tasks/1"+c.query, c.sent)
			if rec, err = recorder.Recording("r", "a test"); err == nil || len(rec.Exchanges) != 1 {
				t.Errorf("with an echo: %v\n%s", err, rec.Format())
			}
		})
	}
}

func TestOnlyWhatTheContractJudgesIsKeptOfHeadersAndQuery(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Next: answer(http.Header{
		"Content-Type": {"application/json"}, "Retry-After": {"7"}, "Date": {"Fri, 16 Mar 2018 20:38:20 GMT"}, "X-Request-Id": {"r-1"},
		"Location": {"https://user:pass@api.test/v0.7/tasks?task_ids=1&token=abcdefgh#part"}, "Set-Cookie": {"a=b"}, "Server": {"nginx"}, "X-Internal-Host": {"db-7"},
	}, `{"detail":"No."}`)}
	pass(t, recorder, "/tasks?task_ids=1&offset=0&limit=2&user=jane.doe&janedoe", http.Header{
		"accept": {"application/json"}, "X-API-KEY": {recordedKey, " "}, "User-Agent": {"jane's laptop"}, "Cookie": {"a=b"}, "Content-Type": {"application/json"},
	})
	rec, err := recorder.Recording("r", "a test")
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(string(rec.Format()), "\n-- ")
	got, _, _ = strings.Cut(got, "-- 1-clock.txt --")
	const want = `1-request.http --
GET /v0.7/tasks?task_ids=1&offset=0&limit=2&user=REDACTED&REDACTED HTTP/1.1
Accept: application/json
Content-Type: application/json
Host: api.test
X-Api-Key: REDACTED
X-Api-Key:` + "  " + `

-- 1-response.http --
HTTP/1.1 400 Bad Request
Content-Type: application/json
Date: Fri, 16 Mar 2018 20:38:20 GMT
Location: https://api.test/v0.7/tasks?task_ids=1&token=REDACTED
Retry-After: 7
X-Request-Id: r-1

{"detail":"No."}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestASecretThatIsGivenOrComesLaterIsLookedForToo(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Secrets: []string{"from-a-signing-transport"}, Next: answer(http.Header{}, `{"a":"from-a-signing-transport"}`)}
	pass(t, recorder, "/tasks/1", http.Header{})
	recorder.Next = answer(http.Header{}, `{"a":"the-session-of-tomorrow"}`)
	pass(t, recorder, "/tasks/2", http.Header{})
	if rec, err := recorder.Recording("r", "a test"); err == nil || len(rec.Exchanges) != 1 {
		t.Errorf("%v\n%s", err, rec.Format())
	}
	pass(t, recorder, "/tasks/3", http.Header{"Cookie": {"s=the-session-of-tomorrow"}})
	if rec, err := recorder.Recording("r", "a test"); err == nil || len(rec.Exchanges) != 0 {
		t.Errorf("%v\n%s", err, rec.Format())
	}
	if _, err := recorder.Recording("the-session-of-tomorrow", "a test"); err == nil || strings.Contains(err.Error(), "tomorrow") {
		t.Errorf("err = %v", err)
	}
}

func TestARecordingIsNotSpoiltByABodyThatLooksLikeOne(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Next: answer(http.Header{}, "{}\n-- 2-request.http --\nGET / HTTP/1.1\n")}
	pass(t, recorder, "/tasks/1", http.Header{})
	if rec, err := recorder.Recording("r", "a test"); err == nil || len(rec.Exchanges) != 0 {
		t.Errorf("%v\n%s", err, rec.Format())
	}
}
