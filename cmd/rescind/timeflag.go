package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errNoTime = errors.New("want a time like 2026-11-20T10:00:00Z, a day like 2026-11-20, how long ago it was, like 30d or 12h, or today or yesterday")

// timeFlag reads a moment as people write it. A day is its first moment in UTC.
func timeFlag(t *time.Time) func(string) error {
	return func(s string) (err error) {
		*t, err = momentOf(s, time.Now())
		return err
	}
}

// dayFlag reads a day as its first moment in UTC.
func dayFlag(t *time.Time) func(string) error {
	return func(s string) (err error) {
		*t, err = time.Parse(time.DateOnly, s)
		return err
	}
}

// momentOf is what the text says, as of now.
func momentOf(s string, now time.Time) (time.Time, error) {
	now = now.UTC()
	const day = 24 * time.Hour
	switch strings.ToLower(s) {
	case "now":
		return now, nil
	case "today":
		return now.Truncate(day), nil
	case "yesterday":
		return now.Truncate(day).Add(-day), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	ago, err := agoOf(s)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(-ago), nil
}

// agoOf is a duration with days and weeks, which time.ParseDuration has not.
func agoOf(s string) (time.Duration, error) {
	const day, most = 24 * time.Hour, 100 * 366 // days: about a century
	number, days := strings.TrimRight(s, "dw"), 0
	switch strings.TrimPrefix(s, number) {
	case "d":
		days = 1
	case "w":
		days = 7
	}
	if n, err := strconv.Atoi(number); days > 0 && err == nil && n > 0 && n <= most/days {
		return time.Duration(n*days) * day, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 && days == 0 {
		return d, nil
	}
	return 0, errNoTime
}
