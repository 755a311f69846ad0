// Package show shows tasks, errors and progress to people: on a terminal with
// colours, within its width; in a pipe as plain lines.
package show
