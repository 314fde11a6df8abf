import Dispatch
import Foundation

public struct NFCReaderError: Error {
    public enum Code: Int { case readerErrorUnsupportedFeature = 1 }
}
open class NFCReaderSession: NSObject {
    open class var readingAvailable: Bool { false }
    open var alertMessage = ""
    open func begin() {}
    open func invalidate() {}
    open func invalidate(errorMessage: String) {}
}
open class NFCTagReaderSession: NFCReaderSession {
    public struct PollingOption: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static var iso14443: PollingOption { PollingOption(rawValue: 1) }
        public static var pace: PollingOption { PollingOption(rawValue: 8) }
    }
    public init?(pollingOption: PollingOption, delegate: any NFCTagReaderSessionDelegate, queue: DispatchQueue? = nil) {}
    open func restartPolling() {}
    open func connect(to tag: NFCTag, completionHandler: @escaping @Sendable ((any Error)?) -> Void) {}
}
public protocol NFCTagReaderSessionDelegate: NSObjectProtocol {
    func tagReaderSessionDidBecomeActive(_ session: NFCTagReaderSession)
    func tagReaderSession(_ session: NFCTagReaderSession, didInvalidateWithError error: any Error)
    func tagReaderSession(_ session: NFCTagReaderSession, didDetect tags: [NFCTag])
}
public protocol NFCISO7816Tag: NSObjectProtocol {
    func sendCommand(
        apdu: NFCISO7816APDU, completionHandler: @escaping @Sendable (Data, UInt8, UInt8, (any Error)?) -> Void)
}
public protocol NFCMiFareTag: NSObjectProtocol {}
public protocol NFCISO15693Tag: NSObjectProtocol {}
public protocol NFCFeliCaTag: NSObjectProtocol {}
public enum NFCTag {
    case feliCa(any NFCFeliCaTag)
    case iso7816(any NFCISO7816Tag)
    case iso15693(any NFCISO15693Tag)
    case miFare(any NFCMiFareTag)
}
open class NFCISO7816APDU: NSObject {
    public init?(data: Data) {}
}
