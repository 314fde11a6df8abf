//! CMS SignedData as ICAO chips carry it. RFC 5652.
