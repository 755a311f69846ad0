// Package pages holds the pages that people read to what they speak of: tests
// follow their links, and compare the programs that they show with those that run.
package pages
