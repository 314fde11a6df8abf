import Foundation
import WalletApple
import WalletKit
import WalletScreens

#if DEBUG
    import WalletSimulator
#endif

/// Where the app finds its issuer, and what of the phone it uses.
///
/// `wallet.json` in the app's bundle names the issuer and whom the wallet trusts, in the form of the simulator's `config`
/// (docs/simulator.md). In a debug build the environment's `WALLET_SIMULATOR_READY` takes its place: the first line that
/// `wallet simulator` printed, whose cards and phones then stand for the hardware.
struct Setup: Decodable {
    let issuer_url: String
    let issuer_roots: [Data]
    let card_roots: [Data]
    let desk_roots: [Data]
    /// Where the browser comes back to: an `https` link of a domain that is associated with the app.
    let redirect_uri: String?

    static func surroundings(_ language: Language) -> Surroundings {
        #if DEBUG
            if let line = ProcessInfo.processInfo.environment["WALLET_SIMULATOR_READY"] { return simulated(line, language) }
        #endif
        return Surroundings(
            language: language,
            open: { () async throws(WalletError) in
                let setup = try Setup.bundled()
                let platform = Platform(
                    keyStore: SecureEnclaveKeyStore(), anchor: KeychainAnchor(), http: URLSessionHttp(), clock: SystemClock(),
                    faceCheck: NoFaceProvider())
                return try await MobileId.open(platform: platform, config: setup.config(language))
            },
            reader: { NfcReader(card: NfcCard(language: language)) })
    }

    private static func bundled() throws(WalletError) -> Setup {
        guard let url = Bundle.main.url(forResource: "wallet", withExtension: "json"), let bytes = try? Data(contentsOf: url),
            let setup = try? JSONDecoder().decode(Setup.self, from: bytes)
        else { throw .Unavailable(code: noSetup) }
        return setup
    }

    private func config(_ language: Language) throws(WalletError) -> WalletConfig {
        WalletConfig(
            vaultPath: try Self.vault(), issuerUrl: issuer_url, issuerRoots: issuer_roots, cardRoots: card_roots,
            deskRoots: desk_roots, language: language, redirectUri: redirect_uri ?? "https://wallet.example/issued")
    }

    /// In no backup: its keys stay on this phone, so it would open nowhere else.
    private static func vault(in name: String = "wallet") throws(WalletError) -> String {
        do {
            let files = FileManager.default
            var folder = try files.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
                .appendingPathComponent(name)
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            var values = URLResourceValues()
            values.isExcludedFromBackup = true
            try folder.setResourceValues(values)
            return folder.appendingPathComponent("vault").path
        } catch { throw .Unavailable(code: noFolder) }
    }

    #if DEBUG
        private static func simulated(_ line: String, _ language: Language) -> Surroundings {
            Surroundings(
                language: language,
                open: { () async throws(WalletError) in
                    do {
                        let simulator = try Simulator(readyLine: Data(line.utf8))
                        let phone = try simulator.phone("app")
                        let platform = Platform(
                            keyStore: phone, anchor: KeychainAnchor(service: "kr.example.wallet.simulated"),
                            http: URLSessionHttp(),
                            clock: SystemClock(), faceCheck: phone)
                        return try await MobileId.open(
                            platform: platform, config: simulator.config(vault: vault(in: "simulated"), language: language))
                    } catch { throw error as? WalletError ?? .Unavailable(code: noSetup) }
                },
                reader: { SimulatedReader(link: try Simulator(readyLine: Data(line.utf8)).tap()) })
        }
    #endif
}

/// Codes of `WalletError.Unavailable` that are this app's own: no `wallet.json`; no folder for the vault.
private let noSetup: Int32 = -2001
private let noFolder: Int32 = -2002

/// A build without a face provider can take IDs at a community centre only: a tapped card needs the face beside it.
private final class NoFaceProvider: FaceCheck {
    func compare(portrait: Data, challenge: Data, instanceKey: Data, prompt: Prompt) async throws -> FaceEvidence {
        throw FaceCheckError.Unavailable
    }
}

private struct NfcReader: CardReader {
    let card: NfcCard
    var link: any CardLink { card }
    func begin() { card.begin() }
    func finish(succeeded: Bool) { card.finish(succeeded: succeeded) }
}

#if DEBUG
    private struct SimulatedReader: CardReader {
        let link: any CardLink
        func begin() {}
        func finish(succeeded: Bool) {}
    }
#endif
