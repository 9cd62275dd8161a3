// Package condition reads the conditions of IAM grants, as far as it takes to tell
// whether one narrows anything.
package condition
