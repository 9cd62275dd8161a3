// Package report writes what a replay found, for people and for programs, so that
// whoever owns a policy can decide on it: how often, whose, when, and was it right.
//
// What it promises: nothing that strangers wrote into a log steers a terminal, a
// spreadsheet or a browser; that there are no findings is never said without what was
// read; and one report has the same bytes each time.
//
//   - overview.go counts, table.go is the table for a terminal, csv.go and sarif.go are for
//     programs
//   - html.go is the page: chart.go draws, data.go writes the findings for page.js, which
//     shows of many rows those that are to be seen; page.html and page.css are the rest
package report
