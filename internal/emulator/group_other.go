//go:build !linux

package emulator

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
