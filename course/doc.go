// Package course trains and measures what the lessons train and measure more than once: a net with a table that grows epoch
// by epoch, several nets or several seeds with a row for each, the separation of classes in a latent space, the quality of
// denoised images. So a cell of a lesson says in one line what it does, and the numbers of all lessons are formatted alike.
//
// Its functions return no errors. If something is wrong they end the cell as [cell.Check] does, with one line that says
// what to do. What they show appears in the cell's output, and outside a notebook on standard output.
//
// Losses have four decimals, or two if they are 10 or more, as losses in nats are.
package course
