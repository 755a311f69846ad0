// Package recordings reads files of exchanges: recordings (.txtar), HTTP
// Archives (.har) as browsers and proxies export them, what curl -i prints,
// and JSON Lines.
package recordings

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// extensions are those of the files that are meant in a folder.
var extensions = []string{".txtar", ".har", ".jsonl", ".ndjson"}

// Below are the recordings of a path, in order: a path is a file, or a folder
// whose recordings are meant. Beside an error are those that were found.
func Below(path string) (files []string, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []string{path}, nil
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains(extensions, extension(p)) {
			files = append(files, p)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no files that end in %s", path, strings.Join(extensions, ", "))
	}
	return files, err
}

func extension(path string) string { return strings.ToLower(filepath.Ext(path)) }

// Exchange is an exchange and the lines of its file where it stands, from 1.
type Exchange struct {
	contract.Exchange
	RequestLine, ResponseLine int
	// BodyLine is where the response's body begins, if the file has it as it
	// came. Otherwise it is 0.
	BodyLine int
}

// Reader reads files of exchanges. Its zero value looks in archives at the
// server of the contract, and at loopback.
type Reader struct {
	// Hosts are more hosts, besides these, whose exchanges are looked at in an
	// archive.
	Hosts []string
}

// Summary is what there is to say of a file besides its exchanges.
type Summary struct {
	Violates  []contract.Rule // the rules that a recording breaks on purpose
	Exchanges int
	NoBody    int            // how many of them have a body that was not recorded
	NoHeaders int            // how many of them have a request whose headers were not recorded
	Skipped   map[string]int // what an archive holds besides them, by its kind
}

// Each gives each exchange of a file to f, in their order. A file that breaks
// off is an error, after the exchanges before.
func (r *Reader) Each(path string, f func(Exchange) error) (Summary, error) {
	file, err := os.Open(path)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	s := Summary{Skipped: map[string]int{}}
	each := func(x Exchange) error {
		s.Exchanges++
		if x.BodyNotRecorded {
			s.NoBody++
		}
		if x.RequestHeaderNotRecorded {
			s.NoHeaders++
		}
		return f(x)
	}
	// Fiddler writes a byte order mark, and PowerShell's > writes UTF-16.
	text := bufio.NewReaderSize(transform.NewReader(file, unicode.BOMOverride(transform.Nop)), 64<<10)
	head, err := text.Peek(4 << 10)
	if err != nil && len(head) == 0 {
		return s, fmt.Errorf("%s is empty", path)
	}
	switch formatOf(path, head) {
	case "har":
		err = r.readHAR(text, s.Skipped, each)
	case "jsonl":
		err = readLines(text, s.Skipped, each)
	case "curl":
		err = readCurl(text, each)
	case "txtar":
		s.Violates, err = readTxtar(path, text, each)
	default:
		return s, fmt.Errorf("%s is not a known kind of file: a recording (.txtar), an HTTP Archive (.har), JSON Lines (.jsonl), the output of curl -i", path)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if s.Exchanges == 0 {
		return s, fmt.Errorf("%s has no exchange with the tasks endpoints%s", path, s.NotLookedAt())
	}
	return s, nil
}

// NotLookedAt names what was skipped and what was not recorded, or is empty.
func (s *Summary) NotLookedAt() string {
	var skipped, lacking []string
	for _, kind := range kinds {
		if n := s.Skipped[kind]; n > 0 {
			skipped = append(skipped, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if s.NoBody > 0 {
		lacking = append(lacking, usage.Plural(s.NoBody, "body"))
	}
	if s.NoHeaders > 0 {
		lacking = append(lacking, "the headers of "+usage.Plural(s.NoHeaders, "request"))
	}
	text := ""
	if len(skipped) > 0 {
		text = "; skipped: " + strings.Join(skipped, ", ")
	}
	if len(lacking) > 0 {
		text += "; not recorded: " + strings.Join(lacking, ", ")
	}
	return text
}

// formatOf is the format of a file, by its name, or else by how it begins.
func formatOf(path string, head []byte) string {
	switch extension(path) {
	case ".har":
		return "har"
	case ".txtar":
		return "txtar"
	case ".jsonl", ".ndjson":
		return "jsonl"
	}
	start := strings.TrimLeft(string(head), " \t\r\n")
	switch {
	case archive.MatchString(start):
		return "har"
	case strings.HasPrefix(start, "{"):
		return "jsonl"
	case strings.HasPrefix(start, "HTTP/"), strings.HasPrefix(start, "* "), strings.HasPrefix(start, "> "), strings.HasPrefix(start, "< "):
		return "curl"
	case strings.HasPrefix(start, "provenance: "):
		return "txtar"
	}
	return ""
}

// maxFile bounds the files that are read at once.
const maxFile = 64 << 20

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("is larger than %d bytes", maxFile)
	}
	return text, err
}

// Read reads the exchanges of a file that have all their parts, and so can be
// served. Their bodies are not compressed any more.
func Read(path string) ([]contract.Exchange, error) {
	var all []contract.Exchange
	_, err := new(Reader).Each(path, func(x Exchange) error {
		if !x.BodyNotRecorded && x.Method != "" {
			for _, name := range []string{"Content-Encoding", "Content-Length", "Transfer-Encoding"} {
				x.Header.Del(name)
			}
			all = append(all, x.Exchange)
		}
		return nil
	})
	return all, err
}
