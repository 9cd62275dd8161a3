package emulator

import "syscall"

// ownGroup keeps the terminal's interrupt from the emulator, and ends it with
// a test process that was killed before it could.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
