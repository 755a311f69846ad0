package taskstest

import (
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// wrongDates are the right tasks with dates that say nothing true of how long
// they took.
func wrongDates() []fault {
	written := regexp.MustCompile(`"date_created":"([^"]*)","date_updated":(?:"([^"]*)"|null)`)
	wrong := func(name string, change func(created, updated *time.Time)) fault {
		return fault{name: "dates-" + name, after: func(x *exchange) {
			x.reply.body = written.ReplaceAllFunc(x.reply.body, func(dates []byte) []byte {
				texts := written.FindSubmatch(dates)
				created, _ := time.Parse(timestamp, string(texts[1]))
				updated, err := time.Parse(timestamp, string(texts[2]))
				if err != nil { // the task is pending
					updated = created
				}
				change(&created, &updated)
				b := created.AppendFormat([]byte(`"date_created":"`), timestamp)
				if err != nil {
					return append(b, `","date_updated":null`...)
				}
				return append(updated.AppendFormat(append(b, `","date_updated":"`...), timestamp), '"')
			})
		}}
	}
	return []fault{
		wrong("equal", func(created, updated *time.Time) { *created = *updated }),
		wrong("epoch", func(created, _ *time.Time) { *created = time.Unix(0, 0).UTC() }),
		wrong("ahead", func(_, updated *time.Time) { *updated = updated.Add(time.Hour) }),
		wrong("reversed", func(created, updated *time.Time) { *created = updated.Add(time.Hour) }),
	}
}

// echoes are answers that repeat the key of the request, which must reach no
// log and no message.
func echoes() []fault {
	written := regexp.MustCompile(`"(id|status)":"[^"]*"|"error":(?:null|"[^"]*")`)
	inTasks := func(member string) fault {
		return fault{name: "echo-" + member, after: func(x *exchange) {
			x.reply.body = written.ReplaceAllFunc(x.reply.body, func(text []byte) []byte {
				name := `"` + member + `":`
				switch {
				case string(text[:min(len(name), len(text))]) == name:
					return appendString([]byte(name), x.key())
				case member == "error" && string(text[:len(`"status"`)]) == `"status"`:
					return []byte(`"status":"error"`)
				}
				return text
			})
		}}
	}
	return []fault{
		replaced("echo-detail", func(x *exchange) *reply { return detail(http.StatusInternalServerError, "No key "+x.key()+".") }),
		replaced("echo-html", func(x *exchange) *reply {
			return answerOf(http.StatusBadGateway, "text/html", []byte("<html>"+x.key()+"</html>"))
		}),
		replaced("echo-header", func(x *exchange) *reply {
			re := answerOf(http.StatusServiceUnavailable, "", nil)
			re.header.Set("X-Request-Id", x.key())
			re.header.Set("Retry-After", x.key())
			return re
		}),
		replaced("echo-redirect", func(x *exchange) *reply {
			re := answerOf(http.StatusFound, "", nil)
			re.header.Set("Location", "https://"+url.PathEscape(x.key())+".invalid/"+url.PathEscape(x.key()))
			return re
		}),
		replaced("echo-type", func(x *exchange) *reply { return answerOf(http.StatusOK, "text/"+x.key(), []byte("?")) }),
		replaced("echo-name", func(x *exchange) *reply {
			name := append(appendString(nil, x.key()), `:1`...)
			return ok([]byte(`{` + string(name) + `,` + string(name) + `}`))
		}),
		inTasks("id"),
		inTasks("status"),
		inTasks("error"),
	}
}
