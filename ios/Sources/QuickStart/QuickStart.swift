// From nothing to a shown code, against `wallet simulator`: what an app does, without its screens. ios/README.md runs it.
import Foundation
import WalletKit
import WalletSimulator

@main
enum QuickStart {
    static func main() async throws {
        let simulator = try Simulator()
        let phone = try simulator.phone("mine")
        let vault = FileManager.default.temporaryDirectory.appendingPathComponent("vault-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: vault) }

        // On an iPhone: SecureEnclaveKeyStore, KeychainAnchor, and the app's own face provider.
        let platform = Platform(
            keyStore: phone, anchor: MemoryAnchor(), http: URLSessionHttp(), clock: SystemClock(), faceCheck: phone)
        let id = try await MobileId.open(platform: platform, config: simulator.config(vault: vault.path))
        try await id.unlock()

        // On an iPhone: an NfcCard, begun, and finished afterwards.
        var can = try simulator.can()
        let card = try await id.enrol(try simulator.tap(), can: &can) { event in
            switch event {
            case .reading(let progress): print("reading \(progress.file): \(progress.bytesRead) of \(progress.bytesTotal) bytes")
            case .stage(let stage): print(stageText(stage: stage, language: .english))
            case .done(let card): print("in the wallet: \(card.document), valid until \(card.validUntil)")
            }
        }

        // One prompt; `frames` gives another frame every second until the show ends.
        let show = try await id.show(card.id, .adultOnly)
        let frame = try id.frame(show)
        let (size, modules) = (Int(frame.qr.size), frame.qr.modules)
        let isDark = { (x: Int, y: Int) in (0..<size).contains(x) && (0..<size).contains(y) && modules[y * size + x] }
        for y in stride(from: -2, to: size + 2, by: 2) {
            // Two rows of modules in one line of text, light on a dark terminal.
            print((-2..<size + 2).map { [" ", "▀", "▄", "█"][(isDark($0, y) ? 0 : 1) + (isDark($0, y + 1) ? 0 : 2)] }.joined())
        }
        print("changes in \(frame.secondsLeft) s, frame \(frame.step + 1) of \(frame.frames)")

        // The other side: a counter with the desk's pack, offline.
        let pack = try await URLSessionHttp().send(
            request: HttpRequest(method: .get, url: try simulator.desk() + "/counter-pack", headers: [:], body: Data()))
        let now = Int64(Date().timeIntervalSince1970)
        let counter = try Counter.open(
            pack: pack.body, authority: simulator.packAuthority(), lowestSequence: 0,
            settings: DeskSettings(deskId: simulator.deskId(), acceptGeneralAudience: false, requireNonce: false), now: now)
        print(try counter.check(text: frame.text, now: now, monotonic: 0).accepted ? "accepted" : "refused")
    }
}
