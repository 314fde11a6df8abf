import WalletKit

/// What the system's sheet says while a card is read.
public enum CardAlert: Sendable, CaseIterable {
    /// Hold the card to the phone.
    case hold
    /// It is being read: keep still.
    case reading
    /// It was moved away: hold it there again.
    case again
    /// More than one card is there.
    case onlyOne
    /// That card is of another kind.
    case otherCard
    /// It was read.
    case done
    /// It could not be read.
    case failed

    /// The words.
    public func text(_ language: Language) -> String {
        switch (self, language) {
        case (.hold, .korean): "휴대전화 윗부분에 주민등록증을 대 주세요."
        case (.hold, .english): "Hold the resident card to the top of the phone."
        case (.reading, .korean): "읽고 있습니다. 카드를 움직이지 마세요."
        case (.reading, .english): "Reading. Keep the card still."
        case (.again, .korean): "카드가 떨어졌습니다. 다시 대고 움직이지 마세요."
        case (.again, .english): "The card was moved away. Hold it there again and keep still."
        case (.onlyOne, .korean): "카드를 한 장만 대 주세요."
        case (.onlyOne, .english): "Hold one card only."
        case (.otherCard, .korean): "주민등록증이 아닙니다. 칩이 있는 주민등록증을 대 주세요."
        case (.otherCard, .english): "That is another card. Hold a resident card with a chip."
        case (.done, .korean): "다 읽었습니다. 카드를 떼어도 됩니다."
        case (.done, .english): "Done. You can take the card away."
        case (.failed, .korean): "카드를 읽지 못했습니다."
        case (.failed, .english): "The card could not be read."
        }
    }
}
