package taskstest

import (
	"net/http"
	"strconv"
)

// oddStatuses are answers that are neither a task nor a refusal of one.
func oddStatuses() []fault {
	var all []fault
	for _, status := range []int{http.StatusAccepted, http.StatusNoContent, http.StatusRequestTimeout, http.StatusGatewayTimeout} {
		all = append(all, replaced(strconv.Itoa(status), func(*exchange) *reply { return answerOf(status, "text/html", nil) }))
	}
	return all
}

// verdicts are answers that would be the same for ever if the API meant them.
// They contradict what was shown before, so they are the word of a proxy.
func verdicts() []fault {
	verdict := func(name string, with func(x *exchange) *reply) fault {
		return fault{name: name, after: func(x *exchange) {
			if !x.allShown() {
				x.fault = nil // there is nothing yet that it could contradict
				return
			}
			x.reply = with(x)
		}}
	}
	asJSON := func(status int) func(*exchange) *reply {
		return func(*exchange) *reply { return detail(status, http.StatusText(status)+".") }
	}
	asHTML := func(status int) func(*exchange) *reply {
		return func(*exchange) *reply { return answerOf(status, "text/html", []byte(htmlPage)) }
	}
	return []fault{
		verdict("300", asHTML(http.StatusMultipleChoices)),
		verdict("400", asJSON(http.StatusBadRequest)),
		verdict("401", asJSON(http.StatusUnauthorized)),
		verdict("403", asHTML(http.StatusForbidden)),
		verdict("404-json", asJSON(http.StatusNotFound)),
		verdict("404-html", asHTML(http.StatusNotFound)),
		verdict("405", asJSON(http.StatusMethodNotAllowed)),
		verdict("421", asHTML(http.StatusMisdirectedRequest)),
		verdict("425", asHTML(http.StatusTooEarly)),
		verdict("451", asHTML(http.StatusUnavailableForLegalReasons)),
		verdict("499", asHTML(499)), // what nginx says of a client that left
		verdict("gone", func(x *exchange) *reply {
			if x.id != "" {
				return detail(http.StatusNotFound, "Not found.")
			}
			return ok((&page{}).appendJSON(nil))
		}),
	}
}

// allShown says whether a client has seen all the tasks that it asks for.
func (x *exchange) allShown() bool {
	ids := x.query["task_ids"]
	if x.id != "" {
		ids = []string{x.id}
	}
	for _, id := range ids {
		if st := x.server.tasks[id]; st == nil || !st.shown {
			return false
		}
	}
	return len(ids) > 0
}
