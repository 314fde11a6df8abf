//! ICAO 9303 chip reader, sans-IO.
