//! Whether a licence in the notation of SPDX can be kept to with a list of allowed ones.

/// Whether `expression` is allowed by `allowed`: of an `OR` one side has to be, of an `AND` both. A licence `WITH` an
/// exception has to be listed as such. The old form `MIT/Apache-2.0` means `OR`.
///
/// # Errors
/// What is wrong with an expression that is none.
pub(super) fn is_allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = Words { rest: spaced.split_whitespace().collect(), allowed };
    words.rest.reverse();
    let is_allowed = words.any()?;
    match words.rest.last() {
        None => Ok(is_allowed),
        Some(word) => Err(format!("{word} out of place")),
    }
}

struct Words<'a> {
    /// What is still to be read, the next word last.
    rest: Vec<&'a str>,
    allowed: &'a [String],
}

impl Words<'_> {
    fn any(&mut self) -> Result<bool, String> {
        let mut is_allowed = self.all()?;
        while self.take("OR") {
            is_allowed |= self.all()?;
        }
        Ok(is_allowed)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut is_allowed = self.one()?;
        while self.take("AND") {
            is_allowed &= self.one()?;
        }
        Ok(is_allowed)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let is_allowed = self.any()?;
            return if self.take(")") { Ok(is_allowed) } else { Err("a bracket is not closed".to_owned()) };
        }
        let mut name = self.name()?;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.name()?);
        }
        Ok(self.allowed.contains(&name))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.rest.pop() {
            Some(word) if !matches!(word, "AND" | "OR" | "WITH" | "(" | ")") => Ok(word.to_owned()),
            Some(word) => Err(format!("{word} out of place")),
            None => Err("ends too early".to_owned()),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.rest.last() == Some(&word);
        if is_next {
            self.rest.pop();
        }
        is_next
    }
}

fn said(expression: &str) -> Result<bool, String> {
    is_allowed(expression, &["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned))
}

#[test]
fn of_or_one_side_has_to_be_allowed_and_of_and_both() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 / MIT",
        "GPL-3.0 OR ISC",
        "MIT AND ISC",
        "MIT OR GPL-3.0 AND GPL-2.0",
        "ISC AND (Apache-2.0 OR ISC) AND (Apache-2.0 OR ISC OR MIT-0)",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0",
        "((MIT))",
    ] {
        assert_eq!(said(good), Ok(true), "{good}");
    }
    for bad in [
        "Apache-2.0",
        "mit",
        "MIT AND GPL-3.0",
        "(MIT OR GPL-3.0) AND GPL-2.0",
        "GPL-3.0 OR MIT AND GPL-2.0",
        "MIT WITH LLVM-exception",
        "Apache-2.0/GPL-3.0",
    ] {
        assert_eq!(said(bad), Ok(false), "{bad}");
    }
}

#[test]
fn what_is_no_expression_is_an_error() {
    for none in
        ["", "MIT OR", "OR MIT", "MIT ISC", "(MIT", "MIT)", "()", "MIT WITH", "MIT AND OR ISC", "MIT WITH (ISC)"]
    {
        assert!(said(none).is_err(), "{none:?}");
    }
}
