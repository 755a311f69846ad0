// Package fleet waits for tasks durably.
package fleet
