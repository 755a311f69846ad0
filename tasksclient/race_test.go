//go:build race

package tasksclient_test

func init() { racing = true }
