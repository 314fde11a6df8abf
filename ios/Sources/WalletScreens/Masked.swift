import Foundation
import WalletKit

/// A card's lines as somebody who looks over the shoulder may see them.
public struct CardLines: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The date of birth.
    public let birthDate: String
    /// The registration number; its second half is never here in full.
    public let registrationNumber: String
    /// The address.
    public let address: String

    /// The lines of `card`, hidden or not.
    public init(_ card: CardView, masked: Bool) {
        name = masked ? Self.mask(name: card.name) : card.name
        birthDate = masked ? String(card.birthDate.prefix(4)) + "-**-**" : card.birthDate
        registrationNumber = masked ? "******-*******" : card.maskedRegistrationNumber
        address = masked ? Self.mask(address: card.address) : card.address
    }

    /// 홍길동 becomes 홍*동, 남궁 becomes 남*.
    static func mask(name: String) -> String {
        guard let first = name.first else { return "" }
        guard name.count > 2, let last = name.last else { return name.count == 2 ? "\(first)*" : "*" }
        return String(first) + String(repeating: "*", count: name.count - 2) + String(last)
    }

    /// The province alone is left.
    static func mask(address: String) -> String {
        guard let first = address.split(separator: " ").first, address.contains(" ") else { return "***" }
        return "\(first) ***"
    }
}
