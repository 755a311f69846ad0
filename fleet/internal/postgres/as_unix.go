//go:build !windows

package postgres

import "syscall"

// as makes a process one of another user.
func as(uid, gid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
}
