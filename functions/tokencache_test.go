package functions

import (
	"fmt"
	"testing"
	"time"
)

func TestTheTokenCacheIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	c := newTokenCache(3)
	c.add("expires first", 1001, now)
	c.add("expires later", 2000, now)
	c.add("and later", 2000, now)
	c.add("after the first has expired", 2000, time.Unix(1001, 0))
	if c.has("expires first", now) || !c.has("expires later", now) {
		t.Error("a full cache drops what has expired, and nothing else")
	}
	for i := range 10 {
		c.add(fmt.Sprint(i), 2000, now)
		if len(c.expires) > 3 {
			t.Fatalf("%d tokens, want at most 3", len(c.expires))
		}
		if !c.has(fmt.Sprint(i), now) {
			t.Errorf("token %d was added and is not there", i)
		}
	}
}

func TestAVerifiedTokenIsRememberedUntilTheSecondInWhichItExpires(t *testing.T) {
	c := newTokenCache(3)
	c.add("token", 2000, time.Unix(1000, 0))
	for second, want := range map[int64]bool{1000: true, 1999: true, 2000: false, 2001: false} {
		if got := c.has("token", time.Unix(second, 0)); got != want {
			t.Errorf("at %d it is remembered: %t, want %t", second, got, want)
		}
	}
	if c.has("another token", time.Unix(1000, 0)) {
		t.Error("what was never verified is remembered")
	}
}
