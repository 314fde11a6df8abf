import Foundation

/// An ECDSA signature over P-256 as the Secure Enclave gives it, and as the core wants it.
enum EcdsaSignature {
    private static let sequence: UInt8 = 0x30
    private static let integer: UInt8 = 0x02
    private static let coordinate = 32

    /// `r ‖ s`, 64 bytes, of a DER `Ecdsa-Sig-Value` (RFC 3279, 2.2.3), or nothing when it is none.
    static func raw(_ der: Data) -> Data? {
        var rest = der[...]
        // Two coordinates of at most 33 bytes: no length takes more than one byte.
        guard var content = value(sequence, &rest), rest.isEmpty, let r = number(&content), let s = number(&content),
            content.isEmpty
        else { return nil }
        return r + s
    }

    private static func number(_ bytes: inout Data) -> Data? {
        guard let value = value(integer, &bytes), let first = value.first, first < 0x80 else { return nil }
        // Minimal: a leading zero stands before a high bit only.
        if value.count > 1 && first == 0 && value[value.startIndex + 1] < 0x80 { return nil }
        let magnitude = first == 0 ? value.dropFirst() : value
        guard !magnitude.isEmpty, magnitude.count <= coordinate else { return nil }
        return Data(count: coordinate - magnitude.count) + magnitude
    }

    private static func value(_ tag: UInt8, _ bytes: inout Data) -> Data? {
        guard bytes.count >= 2, bytes.popFirst() == tag, let length = bytes.popFirst(), length < 0x80, bytes.count >= length
        else {
            return nil
        }
        defer { bytes = bytes.dropFirst(Int(length)) }
        return bytes.prefix(Int(length))
    }
}
