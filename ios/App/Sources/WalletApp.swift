import BackgroundTasks
import SwiftUI
import UIKit
import WalletKit
import WalletScreens

@main
struct WalletApp: App {
    @State private var model = WalletModel(
        Setup.surroundings(Locale.current.language.languageCode?.identifier == "ko" ? .korean : .english))
    @Environment(\.scenePhase) private var phase

    @State private var grace = Grace()

    var body: some Scene {
        WindowGroup {
            RootView(model: model)
                // In front, under a prompt too; cancelled when the app goes away.
                .task(id: phase == .background) { if phase != .background { await model.attend() } }
                // Fresh copies come after an unlock.
                .onChange(of: model.route) { _, route in if route == .cards { Task { await model.freshen() } } }
                .onChange(of: phase) { _, now in
                    guard now == .background else { return }
                    model.away()
                    grace.ask(for: model)
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

/// An errand that runs when the citizen leaves has for as long as the system grants; then the wallet is locked all the same.
@MainActor
final class Grace {
    private var granted: UIBackgroundTaskIdentifier?

    func ask(for model: WalletModel) {
        guard model.owesLock, granted == nil else { return }
        let task = UIApplication.shared.beginBackgroundTask {
            model.lock()
            self.end()
        }
        guard task != .invalid else { return model.lock() }
        granted = task
        Task {
            await model.paid()
            end()
        }
    }

    private func end() {
        if let granted { UIApplication.shared.endBackgroundTask(granted) }
        granted = nil
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

/// Which screen is up. What has to outlive it is over it, in a sheet.
struct RootView: View {
    @Bindable var model: WalletModel

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
            case .broken(let text): BrokenView(model: model, text: text)
            }
        }
        .tellsFailures(of: model, while: model.sheet == nil)
        .overlay { if let doing = model.doing { DoingView(text: doing) } }
        .onOpenURL { url in Task { await model.arrived(url.absoluteString) } }
        .sheet(item: $model.sheet) { sheet in
            switch sheet {
            case .tap(let tap): TapView(model: tap).tellsFailures(of: model).privacyCovered(tap.isPersonal)
            case .scan(let scan): ScanView(model: scan, app: model).tellsFailures(of: model).privacyCovered(scan.isPersonal)
            }
        }
        .privacyCovered(model.isPersonal)
    }
}

/// It cannot be opened: why, and once more.
struct BrokenView: View {
    let model: WalletModel
    let text: ErrorText

    var body: some View {
        Page {
            ErrorView(text: text)
            Button(Words.again.text(model.language)) { Task { await model.start() } }.buttonStyle(.borderedProminent)
        }
    }
}

/// What a screen says one below the other. At the largest text sizes it is longer than the screen.
struct Page<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        ScrollView {
            VStack(spacing: 16) { content }
                .multilineTextAlignment(.center)
                .frame(maxWidth: .infinity)
                .padding()
        }
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
    /// Nothing of the citizen's is in the picture that the system keeps for switching between apps. Where nothing of it is on the
    /// screen, what is there stays readable under the app's own prompts, which make it inactive.
    func privacyCovered(_ isPersonal: Bool) -> some View { modifier(PrivacyCover(isPersonal: isPersonal)) }

    /// What is typed here is on no recording and on no other screen.
    func coveredWhileCaptured() -> some View { modifier(CaptureCover()) }

    /// What went wrong with what was asked of the app, over the screen that is up.
    func tellsFailures(of model: WalletModel, while isUp: Bool = true) -> some View {
        modifier(Failures(model: model, isUp: isUp))
    }
}

private struct PrivacyCover: ViewModifier {
    let isPersonal: Bool
    @Environment(\.scenePhase) private var phase

    func body(content: Content) -> some View {
        content.overlay {
            if phase == .background || isPersonal && phase != .active {
                Color.black.ignoresSafeArea().accessibilityHidden(true)
            }
        }
    }
}

private struct CaptureCover: ViewModifier {
    @Environment(\.isSceneCaptured) private var isCaptured

    func body(content: Content) -> some View {
        content.overlay { if isCaptured { Color.black.allowsHitTesting(false).accessibilityHidden(true) } }
    }
}

private struct Failures: ViewModifier {
    let model: WalletModel
    let isUp: Bool
    @State private var isFailing = false

    func body(content: Content) -> some View {
        content
            .onChange(of: isUp && model.failure != nil, initial: true) { _, isFailing in self.isFailing = isFailing }
            .alert(model.failure?.what ?? "", isPresented: $isFailing) {
                Button(Words.close.text(model.language)) { model.dismiss() }
            } message: {
                Text(model.failure?.next ?? "")
            }
    }
}
