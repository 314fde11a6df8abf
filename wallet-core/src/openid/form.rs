//! Queries and forms as OAuth uses them. WHATWG URL, 5.

use crate::platform::Url;

/// Most members of a form or a query.
const MAX_MEMBERS: usize = 32;

/// `application/x-www-form-urlencoded` of these members.
pub(super) fn write_form(members: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
}

/// `url` with more members in its query.
pub(super) fn with_query(url: &Url, members: &[(&str, &str)]) -> String {
    let join = if url.as_str().contains('?') { '&' } else { '?' };
    format!("{url}{join}{}", write_form(members), url = url.as_str())
}

/// Reads a query or a form. `None`: too many members, one twice, or not UTF-8.
pub(super) fn parse_form(text: &str) -> Option<Vec<(String, String)>> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let repeated = members.iter().any(|(known, _)| *known == name);
        if repeated || members.len() >= MAX_MEMBERS || name.contains('\u{fffd}') || value.contains('\u{fffd}')
        {
            return None;
        }
        members.push((name.into_owned(), value.into_owned()));
    }
    Some(members)
}

/// The member called `name`.
pub(super) fn member<'a>(members: &'a [(String, String)], name: &str) -> Option<&'a str> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_member_twice_or_broken_text_is_refused() {
        assert_eq!(parse_form("a=1&b=%ED%95%9C").unwrap()[1], ("b".into(), "한".into()));
        assert_eq!(parse_form("a=1&a=2"), None);
        assert_eq!(parse_form("a=%FF"), None);
        assert_eq!(parse_form(&"a=1&".repeat(2)), None);
        let many: Vec<String> = (0..40).map(|i| format!("m{i}=1")).collect();
        assert_eq!(parse_form(&many.join("&")), None);
    }
}
