// Package quickstart holds the README's quickstart to what it says: a test makes
// a new module of its program with its two lines, and runs it against the fake API.
package quickstart
