package memory_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/internal/store/storetest"
	"github.com/rescind-dev/rescind/remediate"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) remediate.Store { return memory.New() })
}

func TestWhatALaterReleaseWroteIsRefused(t *testing.T) {
	s := memory.New()
	storetest.Later(t, s, s.ChangeStored)
}
