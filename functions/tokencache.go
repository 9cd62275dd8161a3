package functions

import (
	"crypto/sha256"
	"maps"
	"sync"
	"time"
)

// maxTokens bounds the cache. A subscription sends one token an hour.
const maxTokens = 1000

// tokenCache remembers verified tokens until they expire, by their digest: the
// tokens themselves are not kept. A key that Google withdraws early still
// stands behind the tokens that it signed before, for an hour at most.
type tokenCache struct {
	mu      sync.Mutex
	max     int
	expires map[[sha256.Size]byte]int64 // in Unix seconds
}

func newTokenCache(max int) *tokenCache {
	return &tokenCache{max: max, expires: map[[sha256.Size]byte]int64{}}
}

// has reports whether the token was verified and has not expired.
func (c *tokenCache) has(token string, now time.Time) bool {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	exp, ok := c.expires[key]
	return ok && now.Unix() < exp
}

// add remembers a verified token. When the cache is full and nothing in it has
// expired, it starts again empty: the next of each token is verified once more.
func (c *tokenCache) add(token string, expires int64, now time.Time) {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.expires) >= c.max {
		maps.DeleteFunc(c.expires, func(_ [sha256.Size]byte, exp int64) bool { return exp <= now.Unix() })
	}
	if len(c.expires) >= c.max {
		clear(c.expires)
	}
	c.expires[key] = expires
}
