import BackgroundTasks
import SwiftUI
import WalletKit
import WalletScreens

@main
struct WalletApp: App {
    @State private var model = WalletModel(
        Setup.surroundings(Locale.current.language.languageCode?.identifier == "ko" ? .korean : .english))
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            RootView(model: model)
                // In front: what the issuer orders is obeyed as it comes. The task is cancelled when the phase changes.
                .task(id: phase) {
                    guard phase == .active else { return }
                    await model.start()
                    await model.freshen()
                    await model.listen()
                }
                // Fresh copies come after an unlock.
                .onChange(of: model.route) { _, route in if route == .cards { Task { await model.freshen() } } }
                .onChange(of: phase) { _, now in
                    guard now == .background else { return }
                    model.lock()
                    Refreshing.schedule(at: model.refreshAt)
                }
        }
        .backgroundTask(.appRefresh(Refreshing.task)) { [model] in
            await model.start()
            await model.freshen()
            await Refreshing.schedule(at: model.refreshAt)
        }
    }
}

/// The background job, which the system runs when it likes to, never earlier than asked.
enum Refreshing {
    /// In Info.plist too.
    static let task = "kr.example.wallet.refresh"

    /// Asks for it, in an hour when nobody said when.
    @MainActor static func schedule(at next: Foundation.Date?) {
        let request = BGAppRefreshTaskRequest(identifier: task)
        request.earliestBeginDate = next ?? Foundation.Date(timeIntervalSinceNow: 3600)
        // Refused when the citizen has turned background refresh off: then it is done when the app comes up.
        try? BGTaskScheduler.shared.submit(request)
    }
}

/// Which screen is up.
struct RootView: View {
    let model: WalletModel
    @State private var arrived: ScanModel?
    @State private var isFailing = false

    var body: some View {
        Group {
            switch model.route {
            case .opening: ProgressView()
            case .onboarding: OnboardingView(model: model)
            case .locked: LockedView(model: model)
            case .lockedByCommand(let why): CommandedView(model: model, why: why)
            case .wiped: WipedView(model: model)
            case .dead: DeadView(model: model)
            case .cards: CardsView(model: model)
            case .broken(let text): ErrorView(text: text)
            }
        }
        .onChange(of: model.failure) { _, failure in isFailing = failure != nil }
        .alert(model.failure?.what ?? "", isPresented: $isFailing) {
            Button(Words.close.text(model.language)) { model.dismiss() }
        } message: {
            Text(model.failure?.next ?? "")
        }
        .overlay { if let doing = model.doing { DoingView(text: doing) } }
        .onOpenURL { url in Task { arrived = await model.arrived(url.absoluteString) } }
        .sheet(item: $arrived) { ScanView(model: $0, app: model).privacyCovered() }
        .privacyCovered()
    }
}

/// What happened and what to do, big enough to be read.
struct ErrorView: View {
    let text: ErrorText

    var body: some View {
        VStack(spacing: 12) {
            Text(text.what).font(.headline)
            Text(text.next).foregroundStyle(.secondary)
        }
        .multilineTextAlignment(.center)
        .padding()
        .accessibilityElement(children: .combine)
    }
}

/// Something is under way.
struct DoingView: View {
    let text: String

    var body: some View {
        VStack(spacing: 8) {
            ProgressView()
            if !text.isEmpty { Text(text) }
        }
        .padding()
        .background(.regularMaterial)
        .accessibilityElement(children: .combine)
    }
}

extension View {
    /// Nothing of the wallet is in the picture that the system keeps for switching between apps.
    func privacyCovered() -> some View { modifier(PrivacyCover()) }
}

private struct PrivacyCover: ViewModifier {
    @Environment(\.scenePhase) private var phase

    func body(content: Content) -> some View {
        content.overlay {
            if phase != .active {
                Color.black.ignoresSafeArea().accessibilityHidden(true)
            }
        }
    }
}
