import Foundation
import WalletKit

/// What the screens say. The words of errors, levels, states, stages and history are the core's.
public enum Words: String, Sendable, CaseIterable {
    case next, back, cancel, close, again
    case welcomeTitle, welcomeBody, keysTitle, keysBody, cardTitle, cardBody
    case unlock, lockedTitle, lockedBody, startOver, startOverBody
    case tapTitle, digitsLabel, digitsHint, holdHint, positionHint, lostHint, readingFile, cardDone
    case scanTitle, scanHint, cameraDenied, scanAny
    case offerFrom, offerDigits, offerAccept, offerLater, offerSignIn
    case cardTitleBar, reveal, hideIn, maskedNote, name, birthDate, registrationNumber, address, validUntil, copiesLeft
    case showTitle, showWhat, showTo, showUnverified, showAsk, showNext, showProof, showCaptured, showOver
    case historyTitle, historyEmpty, historyVerified
    case lostTitle, lostBody, lostSteps, lostCall, lostCentre
    case renew, renewBody, unfinished, resume, abandon, browserOut, getAgain, copiesUntil, notForCounters
    case commandTitle, commandAsk, wipedTitle, wipedBody, moveTitle, moveBody, goOn
    case phoneTitle, giveUpTitle, giveUpBody, wipeTitle, wipeBody, staleRefresh, staleShow

    /// The words, with `value` where they have a place for one.
    public func text(_ language: Language, _ value: String = "") -> String {
        (language == .korean ? korean : english).replacingOccurrences(of: "{}", with: value)
    }

    /// A span of time in words, rounded up.
    public static func span(_ seconds: UInt64, _ language: Language) -> String {
        let (count, korean, english) =
            switch seconds {
            case ..<120: (seconds, "초", "seconds")
            case ..<7200: ((seconds - 1) / 60 + 1, "분", "minutes")
            default: ((seconds - 1) / 3600 + 1, "시간", "hours")
            }
        return language == .korean ? "\(count)\(korean)" : "\(count) \(count == 1 ? String(english.dropLast()) : english)"
    }

    private var korean: String {
        switch self {
        case .next: "다음"
        case .back: "이전"
        case .cancel: "취소"
        case .close: "닫기"
        case .again: "다시 하기"
        case .welcomeTitle: "휴대전화에 신분증을"
        case .welcomeBody: "주민등록증을 휴대전화에 대면 모바일 신분증이 만들어집니다. 시험용이며 법적 효력이 있는 신분증이 아닙니다."
        case .keysTitle: "열쇠는 이 휴대전화에만"
        case .keysBody: "신분증의 키는 휴대전화의 보안 칩을 떠나지 않습니다. 보여 줄 때마다 지문이나 얼굴로 확인합니다."
        case .cardTitle: "준비할 것"
        case .cardBody: "칩이 있는 주민등록증, 카드에 적힌 여섯 자리 숫자, 인터넷 연결이 필요합니다."
        case .unlock: "잠금 해제"
        case .lockedTitle: "지갑이 잠겨 있습니다"
        case .lockedBody: "지문이나 얼굴로 여세요."
        case .startOver: "처음부터 다시"
        case .startOverBody: "못 쓰게 된 신분증을 지우고 카드를 다시 읽습니다. 되돌릴 수 없습니다."
        case .tapTitle: "카드 읽기"
        case .digitsLabel: "카드에 적힌 여섯 자리 숫자"
        case .digitsHint: "카드 앞면 아래에 있는 숫자입니다. 저장하지 않습니다."
        case .holdHint: "휴대전화 윗부분에 카드를 대 주세요."
        case .positionHint: "두꺼운 케이스를 벗기고, 휴대전화 뒷면 위쪽에 카드를 붙인 채 움직이지 마세요. 몇 초 걸립니다."
        case .lostHint: "카드가 떨어졌습니다. 다시 대면 이어서 읽습니다."
        case .readingFile: "읽는 중: {}"
        case .cardDone: "신분증이 만들어졌습니다."
        case .scanTitle: "코드 읽기"
        case .scanHint: "주민센터의 발급 코드나 창구의 안내 코드를 비추세요."
        case .cameraDenied: "카메라를 쓸 수 없습니다. 설정에서 허용하거나 코드를 붙여 넣으세요."
        case .scanAny: "코드 붙여 넣기"
        case .offerFrom: "{}에서 발급합니다."
        case .offerDigits: "창구에서 들은 숫자"
        case .offerAccept: "받기"
        case .offerLater: "아직 준비되지 않았습니다. {} 뒤에 이어서 받으세요."
        case .offerSignIn: "브라우저에서 로그인"
        case .cardTitleBar: "내 신분증"
        case .reveal: "내용 보기"
        case .hideIn: "{}초 뒤에 가려집니다"
        case .maskedNote: "가려진 내용은 지문이나 얼굴로 확인한 뒤 보입니다."
        case .name: "이름"
        case .birthDate: "생년월일"
        case .registrationNumber: "주민등록번호"
        case .address: "주소"
        case .validUntil: "유효기간"
        case .copiesLeft: "{}번 더 보여 줄 수 있습니다"
        case .showTitle: "신분증 제시"
        case .showWhat: "무엇을 보여 줄까요?"
        case .showTo: "{}에 보여 줍니다"
        case .showUnverified: "확인되지 않은 창구입니다. 창구의 안내 코드를 먼저 읽으면 이름을 확인할 수 있습니다."
        case .showAsk: "지문이나 얼굴로 한 번 확인합니다."
        case .showNext: "{}초 뒤에 바뀝니다"
        case .showProof: "이 화면은 아무것도 증명하지 않습니다. 코드를 읽어야 확인됩니다."
        case .showCaptured: "화면이 녹화되거나 공유되는 동안에는 보여 주지 않습니다."
        case .showOver: "제시가 끝났습니다."
        case .historyTitle: "이용 기록"
        case .historyEmpty: "기록이 없습니다."
        case .historyVerified: "확인된 창구"
        case .lostTitle: "휴대전화를 잃어버렸을 때"
        case .lostBody: "통신사에 분실을 신고하면 그 회선의 모바일 신분증이 바로 정지됩니다. 실물 주민등록증은 그대로 쓸 수 있습니다."
        case .lostSteps: "1. 통신사에 분실 신고  2. 모바일 신분증 고객센터에 신고  3. 새 휴대전화를 가지고 주민센터 방문"
        case .lostCall: "통신사 고객센터에 전화 (휴대전화에서 114)"
        case .lostCentre: "모바일 신분증 고객센터에 전화 (1688-0990)"
        case .renew: "새로 받기"
        case .renewBody: "보여 줄 수 있는 횟수를 채우고 내용을 새로 고칩니다. 본인 확인은 하지 않습니다."
        case .unfinished: "끝나지 않은 발급이 있습니다."
        case .resume: "이어서 받기"
        case .abandon: "그만두기"
        case .browserOut: "브라우저에서 로그인을 마치면 이어집니다. 그만두고 다시 시작할 수도 있습니다."
        case .getAgain: "이 신분증은 더 갱신되지 않습니다. 카드를 다시 읽거나 주민센터를 방문하세요."
        case .copiesUntil: "인터넷 없이 쓸 수 있는 마지막 날: {}"
        case .notForCounters: "창구에서 QR로 보여 주는 신분증이 아닙니다."
        case .commandTitle: "지갑이 잠겼습니다"
        case .commandAsk: "풀렸는지 확인"
        case .wipedTitle: "지갑을 지웠습니다"
        case .wipedBody: "이 휴대전화에는 키도 신분증도 남아 있지 않습니다. 다시 시작하면 빈 지갑이 만들어집니다."
        case .moveTitle: "이 휴대전화로 옮기기"
        case .moveBody: "옮기면 다른 휴대전화의 신분증은 끝나고, 그 휴대전화에도 알려집니다. 그 휴대전화가 지금 없어도 됩니다. 숫자를 다시 입력하고 카드를 다시 대 주세요."
        case .goOn: "이어서 읽기"
        case .phoneTitle: "이 휴대전화"
        case .giveUpTitle: "이 휴대전화에서 그만 쓰기"
        case .giveUpBody:
            "발급기관에 알려 다른 휴대전화에서 신분증을 받을 수 있게 하고, 이 휴대전화의 신분증과 기록을 지웁니다. 되돌릴 수 없습니다. 인터넷 연결이 필요합니다."
        case .wipeTitle: "지갑 지우기"
        case .wipeBody:
            "이 휴대전화의 키, 신분증, 기록을 지웁니다. 발급기관에는 알리지 않으므로 다른 휴대전화에서 바로 받을 수는 없습니다. 되돌릴 수 없습니다."
        case .staleRefresh: "인터넷으로 확인받고 보여 주기"
        case .staleShow: "그대로 보여 주기"
        }
    }

    private var english: String {
        switch self {
        case .next: "Next"
        case .back: "Back"
        case .cancel: "Cancel"
        case .close: "Close"
        case .again: "Try again"
        case .welcomeTitle: "Your ID on this phone"
        case .welcomeBody:
            "Hold your resident card to the phone and a mobile ID is made. It is for testing and has no legal force."
        case .keysTitle: "The keys stay on this phone"
        case .keysBody:
            "The keys of the ID never leave the phone's secure chip. Each time you show it, your fingerprint or face is asked for."
        case .cardTitle: "What you need"
        case .cardBody: "A resident card with a chip, the six digits printed on it, and a network."
        case .unlock: "Unlock"
        case .lockedTitle: "The wallet is locked"
        case .lockedBody: "Open it with your fingerprint or face."
        case .startOver: "Start over"
        case .startOverBody: "Removes the ID that cannot be used any more and reads the card again. This cannot be undone."
        case .tapTitle: "Read the card"
        case .digitsLabel: "Six digits printed on the card"
        case .digitsHint: "They are at the bottom of the card's front. They are not kept."
        case .holdHint: "Hold the card to the top of the phone."
        case .positionHint:
            "Take off thick covers, hold the card against the upper back of the phone and keep still. It takes some seconds."
        case .lostHint: "The card was moved away. Hold it there again and reading goes on."
        case .readingFile: "Reading: {}"
        case .cardDone: "The ID is ready."
        case .scanTitle: "Scan a code"
        case .scanHint: "Point at the issuing code of a community centre, or at the sign of a desk."
        case .cameraDenied: "The camera cannot be used. Allow it in the settings, or paste the code."
        case .scanAny: "Paste a code"
        case .offerFrom: "{} issues it."
        case .offerDigits: "Digits you were told at the counter"
        case .offerAccept: "Get it"
        case .offerLater: "It is not ready yet. Go on in {}."
        case .offerSignIn: "Sign in with the browser"
        case .cardTitleBar: "My ID"
        case .reveal: "Show details"
        case .hideIn: "Hidden again in {} s"
        case .maskedNote: "Hidden details are shown after your fingerprint or face."
        case .name: "Name"
        case .birthDate: "Date of birth"
        case .registrationNumber: "Registration number"
        case .address: "Address"
        case .validUntil: "Valid until"
        case .copiesLeft: "Can be shown {} more times"
        case .showTitle: "Show the ID"
        case .showWhat: "What do you want to show?"
        case .showTo: "To {}"
        case .showUnverified: "An unverified desk. Scan the desk's sign first to see its name checked."
        case .showAsk: "Your fingerprint or face is asked for once."
        case .showNext: "Changes in {} s"
        case .showProof: "The screen proves nothing; the scan does."
        case .showCaptured: "Not shown while the screen is recorded or shared."
        case .showOver: "The show is over."
        case .historyTitle: "History"
        case .historyEmpty: "Nothing yet."
        case .historyVerified: "verified desk"
        case .lostTitle: "If you lose your phone"
        case .lostBody:
            "Report it to your mobile operator: the mobile ID of that line is suspended at once. The physical card stays good."
        case .lostSteps:
            "1. Report it to the operator  2. Report it to the mobile ID centre  3. Visit a community centre with the new phone"
        case .lostCall: "Call the operator (114 from a mobile phone)"
        case .lostCentre: "Call the mobile ID centre (1688-0990)"
        case .renew: "Renew"
        case .renewBody: "Fills up how often it can be shown and updates what it says. You are asked nothing."
        case .unfinished: "An issuance was not finished."
        case .resume: "Go on"
        case .abandon: "Give it up"
        case .browserOut: "It goes on when you have signed in with the browser. You can also give it up and begin again."
        case .getAgain: "This ID is not renewed any more. Read your card again, or visit a community centre."
        case .copiesUntil: "Last day without a network: {}"
        case .notForCounters: "This is no ID that counters read from a code."
        case .commandTitle: "The wallet is locked"
        case .commandAsk: "Ask whether it was lifted"
        case .wipedTitle: "The wallet was wiped"
        case .wipedBody: "No key and no ID is left on this phone. Starting over makes an empty wallet."
        case .moveTitle: "Move it to this phone"
        case .moveBody:
            "The ID on the other phone ends, and that phone is told; you need not have it at hand. Type the digits again and hold the card to the phone again."
        case .goOn: "Go on reading"
        case .phoneTitle: "This phone"
        case .giveUpTitle: "Stop using this phone"
        case .giveUpBody:
            "Tells the issuer, so that you can get the ID on another phone, and removes the ID and the history from this one. This cannot be undone and needs a network."
        case .wipeTitle: "Wipe the wallet"
        case .wipeBody:
            "Removes the keys, the ID and the history from this phone. The issuer is not told, so another phone cannot get the ID at once. This cannot be undone."
        case .staleRefresh: "Connect, then show it"
        case .staleShow: "Show it as it is"
        }
    }
}

/// Whom to call about a lost phone.
public enum LostPhone {
    /// The operator's own service number, from a mobile phone of that operator.
    public static let operatorNumber = "114"
    /// The call centre of mobile IDs.
    public static let centreNumber = "16880990"
}
