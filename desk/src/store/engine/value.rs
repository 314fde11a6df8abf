//! What goes into a query and comes out of it: bytes, whole numbers, text, yes or no, nothing.

use std::error::Error;

use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value on its way in or out.
#[derive(Clone, Copy)]
pub(in crate::store) enum Value<'a> {
    Null,
    Bytes(&'a [u8]),
    Int(i64),
    Text(&'a str),
    Bool(bool),
}

/// The parameters of a query.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::engine::Value::from($value)),*] };
}
pub(in crate::store) use params;

/// Prints no content: it may end up in an error.
impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bytes(_) => "Bytes(..)",
            Self::Int(_) => "Int(..)",
            Self::Text(_) => "Text(..)",
            Self::Bool(_) => "Bool(..)",
        })
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub(in crate::store) trait Column: Sized {
    /// `None` when the value is of another kind or out of bounds.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl Column for i64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Int(number) = value { Some(number) } else { None }
    }
}

impl Column for u32 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).and_then(|number| number.try_into().ok())
    }
}

impl Column for u16 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).and_then(|number| number.try_into().ok())
    }
}

/// SQLite has no truth values: what a comparison gives is 0 or 1.
impl Column for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(truth),
            Value::Int(number @ (0 | 1)) => Some(number == 1),
            _ => None,
        }
    }
}

impl Column for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes.to_vec()) } else { None }
    }
}

impl<const N: usize> Column for [u8; N] {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Null = value { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Int(number) => ValueRef::Integer(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bool(truth) => ValueRef::Integer(truth.into()),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            Self::Int(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            // What is compared with a literal or a small count.
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT => text.to_sql(ty, out),
            Self::Bool(truth) if *ty == Type::BOOL => truth.to_sql(ty, out),
            _ => Err("a parameter of another type".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::BYTEA, Type::INT8, Type::INT4, Type::TEXT, Type::BOOL].contains(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::BYTEA => Self::Bytes(raw),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            _ => Self::Text(<&str>::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        <Self as ToSql>::accepts(ty)
    }
}
