//go:build !linux

package firestore_test

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
