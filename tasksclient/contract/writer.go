package contract

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/tools/txtar"
)

// Writer writes a recording exchange by exchange. Each exchange is written when
// Write returns, so that a later failure loses nothing. With at least one
// exchange, the file is a recording that [Parse] reads.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
	n  int
}

// NewWriter writes the head of a recording: its provenance, source, date and
// notes. Its exchanges are not written.
func NewWriter(w io.Writer, head *Recording) (*Writer, error) {
	_, err := io.WriteString(w, head.head())
	return &Writer{w: w}, err
}

// Write writes the next exchange.
func (w *Writer) Write(x Exchange) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	_, err := w.w.Write(txtar.Format(&txtar.Archive{Files: x.files(w.n)})) // at once, so that no half of it is left
	return err
}

// Format writes the recording as Parse reads it.
func (r *Recording) Format() []byte {
	archive := txtar.Archive{Comment: []byte(r.head())}
	for i, x := range r.Exchanges {
		archive.Files = append(archive.Files, x.files(i+1)...)
	}
	archive.Files = append(archive.Files, r.Extra...)
	return txtar.Format(&archive)
}

func (r *Recording) head() string {
	var head strings.Builder
	fmt.Fprintf(&head, "provenance: %s\nsource: %s\ndate: %s\n", r.Provenance, r.Source, r.Date)
	if len(r.Violates) > 0 {
		rules := make([]string, len(r.Violates))
		for i, rule := range r.Violates {
			rules[i] = string(rule)
		}
		fmt.Fprintf(&head, "violates: %s\n", strings.Join(rules, ", "))
	}
	if r.Notes != "" {
		fmt.Fprintf(&head, "\n%s\n", r.Notes)
	}
	return head.String()
}

// files are the parts of the nth exchange in the archive.
func (x *Exchange) files(n int) []txtar.File {
	files := []txtar.File{
		{Name: fmt.Sprintf("%d-request.http", n), Data: message(fmt.Sprintf("%s %s HTTP/1.1", x.Method, x.URL), x.RequestHeader, x.RequestBody)},
		{Name: fmt.Sprintf("%d-response.http", n), Data: message(fmt.Sprintf("HTTP/1.1 %d %s", x.Status, http.StatusText(x.Status)), x.Header, x.Body)},
	}
	if !x.Started.IsZero() && !x.Ended.IsZero() {
		clock := x.Started.UTC().Format(time.RFC3339Nano) + " " + x.Ended.UTC().Format(time.RFC3339Nano) + "\n"
		files = append(files, txtar.File{Name: fmt.Sprintf("%d-clock.txt", n), Data: []byte(clock)})
	}
	return files
}

// message is a request or a response in plain HTTP text.
func message(first string, header http.Header, body []byte) []byte {
	b := append([]byte(first), '\n')
	for _, name := range sortedKeys(header) {
		for _, value := range header[name] {
			b = fmt.Appendf(b, "%s: %s\n", name, value)
		}
	}
	b = append(b, '\n')
	if len(body) > 0 {
		b = append(append(b, body...), '\n')
	}
	return b
}
