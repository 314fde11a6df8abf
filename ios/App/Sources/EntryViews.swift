import SwiftUI
import WalletKit
import WalletScreens

/// The first pages, and the two ways to an ID.
struct OnboardingView: View {
    let model: WalletModel
    @State private var page = 0
    private let pages: [(Words, Words)] = [(.welcomeTitle, .welcomeBody), (.keysTitle, .keysBody), (.cardTitle, .cardBody)]

    var body: some View {
        NavigationStack {
            Page {
                if model.isUnfinished { UnfinishedView(model: model) }
                Text(pages[page].0.text(model.language)).font(.title).accessibilityAddTraits(.isHeader)
                Text(pages[page].1.text(model.language)).font(.body)
                if page + 1 < pages.count {
                    Button(Words.next.text(model.language)) { page += 1 }.buttonStyle(.borderedProminent)
                } else {
                    AddViews(model: model)
                }
                if page > 0 { Button(Words.back.text(model.language)) { page -= 1 } }
            }
        }
    }
}

/// Tap a card, or scan a community centre's code.
struct AddViews: View {
    let model: WalletModel

    var body: some View {
        VStack(spacing: 12) {
            // With a style of its own each is pressed alone, in a row of a list too.
            Button(Words.tapTitle.text(model.language)) { Task { await model.tap() } }.buttonStyle(.borderedProminent)
            Button(Words.scanTitle.text(model.language)) { model.scan() }.buttonStyle(.borderless)
        }
    }
}

/// An issuance that was cut short.
struct UnfinishedView: View {
    let model: WalletModel

    var body: some View {
        VStack(spacing: 8) {
            Text(Words.unfinished.text(model.language)).font(.headline)
            Button(Words.resume.text(model.language)) { Task { await model.resume() } }
            Button(Words.abandon.text(model.language), role: .destructive) { Task { await model.abandon() } }
        }
        // In a row of a list both would be pressed at once otherwise.
        .buttonStyle(.borderless)
        .padding()
    }
}

/// A command of the issuer locks the wallet: why, and the way out.
struct CommandedView: View {
    let model: WalletModel
    let why: ErrorText

    var body: some View {
        NavigationStack {
            Page {
                Text(Words.commandTitle.text(model.language)).font(.title).accessibilityAddTraits(.isHeader)
                ErrorView(text: why)
                Button(Words.commandAsk.text(model.language)) { Task { await model.freshen() } }.buttonStyle(.borderedProminent)
                NavigationLink(Words.lostTitle.text(model.language)) { LostPhoneView(language: model.language) }
                NavigationLink(Words.phoneTitle.text(model.language)) { PhoneView(model: model) }
            }
        }
    }
}

/// Nothing is left.
struct WipedView: View {
    let model: WalletModel

    var body: some View {
        Page {
            Text(Words.wipedTitle.text(model.language)).font(.title).accessibilityAddTraits(.isHeader)
            Text(Words.wipedBody.text(model.language))
            Button(Words.startOver.text(model.language)) { Task { await model.startOver() } }.buttonStyle(.borderedProminent)
        }
    }
}

/// The two ways to end the wallet on this phone.
struct PhoneView: View {
    let model: WalletModel
    @State private var isGivingUp = false
    @State private var isWiping = false

    var body: some View {
        List {
            Button(Words.giveUpTitle.text(model.language), role: .destructive) { isGivingUp = true }
            Text(Words.giveUpBody.text(model.language)).font(.footnote)
            Button(Words.wipeTitle.text(model.language), role: .destructive) { isWiping = true }
            Text(Words.wipeBody.text(model.language)).font(.footnote)
        }
        .navigationTitle(Words.phoneTitle.text(model.language))
        .alert(Words.giveUpTitle.text(model.language), isPresented: $isGivingUp) {
            Button(Words.giveUpTitle.text(model.language), role: .destructive) { Task { await model.giveUp() } }
            Button(Words.cancel.text(model.language), role: .cancel) {}
        } message: {
            Text(Words.giveUpBody.text(model.language))
        }
        .alert(Words.wipeTitle.text(model.language), isPresented: $isWiping) {
            Button(Words.wipeTitle.text(model.language), role: .destructive) { Task { await model.wipe() } }
            Button(Words.cancel.text(model.language), role: .cancel) {}
        } message: {
            Text(Words.wipeBody.text(model.language))
        }
    }
}

/// Asks for the finger or the face.
struct LockedView: View {
    let model: WalletModel

    var body: some View {
        NavigationStack {
            Page {
                Text(Words.lockedTitle.text(model.language)).font(.title).accessibilityAddTraits(.isHeader)
                Text(Words.lockedBody.text(model.language))
                Button(Words.unlock.text(model.language)) { Task { await model.unlock() } }.buttonStyle(.borderedProminent)
                NavigationLink(Words.lostTitle.text(model.language)) { LostPhoneView(language: model.language) }
            }
        }
    }
}

/// The keys died.
struct DeadView: View {
    let model: WalletModel
    @State private var isSure = false

    var body: some View {
        Page {
            ErrorView(text: WalletError.KeyInvalidated.text(model.language))
            Button(Words.startOver.text(model.language), role: .destructive) { isSure = true }
        }
        .alert(Words.startOver.text(model.language), isPresented: $isSure) {
            Button(Words.startOver.text(model.language), role: .destructive) { Task { await model.startOver() } }
            Button(Words.cancel.text(model.language), role: .cancel) {}
        } message: {
            Text(Words.startOverBody.text(model.language))
        }
    }
}

/// Digits, hold, progress.
struct TapView: View {
    @Bindable var model: TapModel
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            Page {
                switch model.step {
                case .digits:
                    TextField(Words.digitsLabel.text(model.language), text: $model.digits)
                        .keyboardType(.numberPad)
                        .textFieldStyle(.roundedBorder)
                        .coveredWhileCaptured()
                        .accessibilityLabel(Words.digitsLabel.text(model.language))
                    Button(Words.next.text(model.language)) { model.start() }
                        .buttonStyle(.borderedProminent)
                        .disabled(!model.canStart)
                case .hold, .lost: ProgressView()
                case .paused(let text):
                    ErrorView(text: text)
                    Button(Words.goOn.text(model.language)) { model.goOn() }.buttonStyle(.borderedProminent)
                case .reading(let file, let fraction):
                    ProgressView(value: fraction)
                    Text(Words.readingFile.text(model.language, file))
                case .working(let text):
                    ProgressView()
                    Text(text)
                case .elsewhere(let what):
                    Text(what).font(.headline)
                    Button(Words.moveTitle.text(model.language), role: .destructive) { model.move() }
                case .done:
                    Button(Words.close.text(model.language)) { dismiss() }.buttonStyle(.borderedProminent)
                case .failed(let text):
                    ErrorView(text: text)
                    Button(Words.again.text(model.language)) { model.again() }.buttonStyle(.borderedProminent)
                    Button(Words.close.text(model.language)) { dismiss() }
                }
                Text(model.hint).font(.footnote).foregroundStyle(.secondary)
            }
            .navigationTitle(Words.tapTitle.text(model.language))
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button(Words.cancel.text(model.language)) { dismiss() } }
            }
        }
        .interactiveDismissDisabled()
    }
}
