//! Questions to the user.

use psql::question;

/// Asks on the terminal, or on standard error and input if there is none. `None` at the end of the input. Without `echo`, what
/// is typed is not shown.
pub(crate) fn ask(question: &str, echo: bool) -> Option<String> {
    question::ask(question, echo, |_| true).ok().flatten()
}

/// Asks for yes or no until the answer is one; the end of the input is a no.
pub(crate) fn yes_or_no(question: &str) -> bool {
    loop {
        match ask(&format!("{question} (y/n) "), true).as_deref() {
            Some("y") => return true,
            Some("n") | None => return false,
            Some(_) => crate::tool::print("Please answer \"y\" or \"n\"."),
        }
    }
}
