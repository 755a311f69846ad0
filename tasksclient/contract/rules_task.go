package contract

import (
	"strings"
	"time"
)

// taskRules judges whether the fields of a task fit each other. The contract
// has that in words: in OpenAPI 3.0 no schema can say it of a status without
// parting Task in three.
func taskRules(task *state) []Finding {
	var found []Finding
	say := func(field string, rule Rule, expected, got string) {
		found = append(found, Finding{Where: task.where(field), Rule: rule, Expected: expected, Got: got})
	}
	hasMessage := task.message != nil && strings.TrimSpace(*task.message) != ""
	noMessage := task.message != nil && !hasMessage
	isDated := task.created != nil && task.updated != nil
	noData := task.data.Kind() == 'n'
	switch task.status {
	case "success":
		if hasMessage {
			say("error", RuleSuccessError, "null, since the status is success", "a message")
		}
		if noData {
			say("data", RuleSuccessData, "data, since the status is success", "null")
		}
	case "error":
		if task.hasData() {
			say("data", RuleErrorData, "null, since the status is error", "data")
		}
		if noMessage {
			say("error", RuleErrorMessage, "a message, since the status is error", "none")
		}
	case "pending":
		if hasMessage {
			say("error", RulePendingResult, "null, since the status is pending", "a message")
		}
		if task.hasData() {
			say("data", RulePendingResult, "null, since the status is pending", "data")
		}
		if isDated && task.updated.After(*task.created) {
			say("date_updated", RulePendingDate, "null or date_created, since the status is pending", task.updated.Format(time.RFC3339Nano))
		}
	}
	if task.isFinished() && task.updatedNull {
		say("date_updated", RuleFinishedDate, "the time at which the status became "+task.status, "null")
	}
	if isDated && task.updated.Before(*task.created) {
		say("date_updated", RuleDateOrder, "a time not before date_created, "+task.created.Format(time.RFC3339Nano), task.updated.Format(time.RFC3339Nano))
	}
	return found
}
