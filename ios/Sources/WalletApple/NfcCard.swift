#if canImport(CoreNFC)
    @preconcurrency import CoreNFC
    import Foundation
    import WalletKit

    /// `CardLink` over the phone's NFC reader, with the system's sheet.
    ///
    /// ``begin()``, or the first command, shows the sheet; that command waits until a card is there. A card that leaves is an
    /// error for the command under way, the reader looks for it again, and the next command waits for it: a paused reading goes
    /// on without another sheet. ``finish(succeeded:)`` takes the sheet away; so does the system after a minute, which is
    /// `LinkError.Timeout`. ``begin()`` then shows another one, and a paused reading goes on in it. One reading at a time.
    public final class NfcCard: NSObject, CardLink, NFCTagReaderSessionDelegate, @unchecked Sendable {
        /// How long PACE alone is looked for, seconds.
        private static let silence = 8
        /// The system carries extended APDUs; no chip known to us takes more at once.
        private static let longest: UInt32 = 4096

        /// The tag is Apple's object, which takes commands from any thread and one at a time, as the core sends them.
        private struct Tag: @unchecked Sendable { let iso7816: any NFCISO7816Tag }

        private let language: Language
        private let queue = DispatchQueue(label: "kr.example.wallet.nfc")
        // Everything below is touched on `queue` alone.
        private var polling = Polling()
        private var session: NFCTagReaderSession?
        private var found: [NFCTag] = []
        private var tag: Tag?
        private var waiting: [CheckedContinuation<Result<Tag, LinkError>, Never>] = []
        private var failure: LinkError?

        /// A link that speaks `language` in the sheet.
        public init(language: Language) { self.language = language }

        /// Whether this phone can read cards at all.
        public static var isAvailable: Bool { NFCTagReaderSession.readingAvailable }

        /// Shows the sheet and looks for a card; another sheet when the last one is gone.
        public func begin() { queue.async { self.handle(.begin) } }

        /// Takes the sheet away, with a tick or with a sign of failure.
        public func finish(succeeded: Bool) { queue.async { self.handle(.finish(succeeded: succeeded)) } }

        /// What the link can carry.
        public func limits() async throws -> LinkLimits {
            LinkLimits(maxCommand: Self.longest, maxResponse: Self.longest, extended: true)
        }

        /// One command and its answer. Cancelling the task closes the sheet.
        public func transceive(apdu: Data) async throws -> Data {
            guard apdu.count <= Int(Self.longest) else { throw LinkError.TooLong }
            guard let command = NFCISO7816APDU(data: apdu) else { throw LinkError.Failed(osCode: 300) }
            return try await withTaskCancellationHandler {
                let waited = await withCheckedContinuation { continuation in queue.async { self.wait(continuation) } }
                return try await send(command, to: waited.get())
            } onCancel: {
                // A command under way fails with its session.
                queue.async { self.handle(.cancel) }
            }
        }

        private func send(_ command: NFCISO7816APDU, to tag: Tag) async throws(LinkError) -> Data {
            let answer = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Data, LinkError>, Never>) in
                tag.iso7816.sendCommand(apdu: command) { data, sw1, sw2, error in
                    if let error {
                        continuation.resume(returning: .failure(linkError((error as NSError).code)))
                    } else {
                        continuation.resume(returning: .success(data + Data([sw1, sw2])))
                    }
                }
            }
            if case .failure(.TagLost) = answer { await lost() }
            return try answer.get()
        }

        /// Waited for, so that the next command waits for a card and does not ask the one that left.
        private func lost() async {
            await withCheckedContinuation { continuation in
                queue.async {
                    self.handle(.lost)
                    continuation.resume()
                }
            }
        }

        private func wait(_ continuation: CheckedContinuation<Result<Tag, LinkError>, Never>) {
            if let failure {
                continuation.resume(returning: .failure(failure))
            } else if let tag {
                continuation.resume(returning: .success(tag))
            } else {
                waiting.append(continuation)
                // Does nothing where it was begun.
                handle(.begin)
            }
        }

        private func handle(_ event: Polling.Event) {
            if event == .lost { tag = nil }
            // Another sheet; what the former one says from now on is no news.
            if event == .begin && polling.isOver { (session, tag, failure, found) = (nil, nil, nil, []) }
            for action in polling.handle(event) { perform(action) }
        }

        private func perform(_ action: Polling.Action) {
            switch action {
            case .begin(let option, let search, let seconds):
                queue.asyncAfter(deadline: .now() + .seconds(seconds)) { self.start(option, search) }
            case .watch(let search):
                queue.asyncAfter(deadline: .now() + .seconds(Self.silence)) { self.handle(.silence(search: search)) }
            case .restart(search: _, after: 0): session?.restartPolling()
            case .restart(let search, let milliseconds):
                queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                    if self.polling.isOn(search: search) { self.session?.restartPolling() }
                }
            case .connect(let index): connect(index)
            case .say(let alert): session?.alertMessage = alert.text(language)
            case .end(nil): session?.invalidate()
            case .end(let alert?): session?.invalidate(errorMessage: alert.text(language))
            case .ready: answer(tag.map { .success($0) } ?? .failure(.TagLost))
            case .fail(let error):
                failure = error
                answer(.failure(error))
            }
        }

        private func start(_ option: Polling.Option, _ search: Int) {
            // Cancelled meanwhile: no sheet comes up for nobody.
            guard polling.isOn(search: search) else { return }
            let polled: NFCTagReaderSession.PollingOption = option == .pace ? .pace : .iso14443
            guard let session = NFCTagReaderSession(pollingOption: polled, delegate: self, queue: queue) else {
                handle(.invalidated(code: NFCReaderError.Code.readerErrorUnsupportedFeature.rawValue))
                return
            }
            self.session = session
            session.alertMessage = CardAlert.hold.text(language)
            session.begin()
        }

        private func connect(_ index: Int) {
            guard found.indices.contains(index), case .iso7816(let iso7816) = found[index] else { return handle(.missed) }
            session?.connect(to: found[index]) { error in
                let connected = error == nil
                self.queue.async {
                    if connected { self.tag = Tag(iso7816: iso7816) }
                    self.handle(connected ? .connected : .missed)
                }
            }
        }

        private func answer(_ result: Result<Tag, LinkError>) {
            for continuation in waiting { continuation.resume(returning: result) }
            waiting = []
        }

        /// The sheet is there.
        public func tagReaderSessionDidBecomeActive(_ session: NFCTagReaderSession) {}

        /// The sheet is gone.
        public func tagReaderSession(_ session: NFCTagReaderSession, didInvalidateWithError error: any Error) {
            // On `queue`, which the session was given. One that was replaced says no more.
            guard session === self.session else { return }
            self.session = nil
            tag = nil
            handle(.invalidated(code: (error as NSError).code))
        }

        /// Something is in the field.
        public func tagReaderSession(_ session: NFCTagReaderSession, didDetect tags: [NFCTag]) {
            found = tags
            handle(.detected(tags.map { if case .iso7816 = $0 { .iso7816 } else { .other } }))
        }
    }
#endif
