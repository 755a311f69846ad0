package taskstest

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// grownBytes is how long a growing body is once it is unzipped: less than the
// 64 MiB that deepotasks reads at most by default.
const grownBytes = 60 << 20

// growth is a body that is made while it is sent: a unit again and again.
type growth struct {
	head, unit, tail string
}

// growing are bodies that are small on their way and large in memory.
func growing() []fault {
	grows := func(name, head, unit, tail string) fault {
		return fault{name: "grows-" + name, after: func(x *exchange) {
			x.reply = ok(nil)
			x.reply.long = &growth{head, unit, tail}
		}}
	}
	const page = `{"count":1,"next":null,"previous":null,"results":[`
	return []fault{
		grows("objects", page, `{},`, `{}]}`),
		grows("numbers", page, `0,`, `0]}`),
		grows("ids", page, `{"id":"a"},`, `{"id":"a"}]}`),
		grows("names", `{`, `"a":0,`, `"a":0}`),
		grows("nesting", page, `[`, `]}`),
		grows("text", `{"detail":"`, `a`, `"}`),
	}
}

func (g *growth) reader() io.Reader {
	units := strings.Repeat(g.unit, 4096)
	times := grownBytes / len(units)
	readers := make([]io.Reader, 0, times+2)
	readers = append(readers, strings.NewReader(g.head))
	for range times {
		readers = append(readers, strings.NewReader(units))
	}
	return io.MultiReader(append(readers, strings.NewReader(g.tail))...)
}

// serve writes the body, zipped if the client accepts it.
func (g *growth) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_, _ = io.Copy(w, g.reader())
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	zip := gzip.NewWriter(w)
	if _, err := io.Copy(zip, g.reader()); err != nil {
		panic(http.ErrAbortHandler) // the client has had enough
	}
	_ = zip.Close()
}
