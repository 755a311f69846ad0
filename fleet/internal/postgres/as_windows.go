package postgres

import "syscall"

// as is never called: on Windows nobody is root.
func as(_, _ uint32) *syscall.SysProcAttr { return nil }
