// Package fold has the members and addresses that an expression is written with compared as
// Google compares them: without letter case, where it takes them in any.
package fold
