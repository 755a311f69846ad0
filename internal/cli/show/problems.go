package show

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient"
)

// Problems tells people why ids have no finished task. An error that several
// ids share is told once, with their number. The zero value has nothing to tell.
type Problems struct {
	groups map[problem]*group
	order  []*group
}

// problem is what makes errors equal. The number that a server gives a request
// is in no two of them the same.
type problem struct {
	kind    results.Kind
	status  int
	message string
}

type group struct {
	message string
	ids     []string // the first few
	n       int
}

// shown is how many ids of a problem are named.
const shown = 3

// Add takes a result with an error. A failed task is none: it is a task.
func (p *Problems) Add(r tasksclient.Result) {
	key := problem{kind: results.KindOf(r.Err), message: results.Message(r.Err)}
	if rejected, ok := results.Rejection(r.Err); ok {
		key.status = rejected.StatusCode
		key.message = strings.Replace(key.message, " (request "+rejected.RequestID+")", "", 1)
	}
	g := p.groups[key]
	if g == nil {
		if p.groups == nil {
			p.groups = map[problem]*group{}
		}
		g = &group{message: results.Message(r.Err)}
		p.groups[key], p.order = g, append(p.order, g)
	}
	if g.n++; g.n <= shown {
		g.ids = append(g.ids, printable(cmp.Or(r.ID, `""`)))
	}
}

// Tell writes a line for each problem, and forgets them.
func (p *Problems) Tell(w io.Writer) error {
	for _, g := range p.order {
		who := fmt.Sprintf("%-12s", g.ids[0])
		if g.n > 1 {
			who = usage.Plural(g.n, "id") + " (" + strings.Join(g.ids, ", ")
			if g.n > len(g.ids) {
				who += ", …"
			}
			who += "):"
		}
		if _, err := fmt.Fprintln(w, who, printable(g.message)); err != nil {
			return err
		}
	}
	*p = Problems{}
	return nil
}
