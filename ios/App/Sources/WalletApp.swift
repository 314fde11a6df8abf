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
                .task { await model.start() }
                .onChange(of: phase) { _, now in
                    switch now {
                    case .background: model.lock()
                    case .active: Task { await model.freshen() }
                    default: break
                    }
                }
        }
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
        .sheet(item: $arrived) { ScanView(model: $0, app: model) }
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
