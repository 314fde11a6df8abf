import SwiftUI
import UIKit
import WalletKit
import WalletScreens

/// The cards, and the ways from here.
struct CardsView: View {
    let model: WalletModel

    var body: some View {
        NavigationStack {
            List {
                if model.isUnfinished { UnfinishedView(model: model) }
                if model.needsCardAgain {
                    Text(Words.getAgain.text(model.language))
                    AddViews(model: model)
                }
                ForEach(model.cards, id: \.id) { card in
                    NavigationLink {
                        if let card = model.card(card) { CardScreen(model: card, app: model) }
                    } label: {
                        VStack(alignment: .leading) {
                            Text(model.title(card)).font(.headline)
                            Text(CardLines(card, masked: true).name).foregroundStyle(.secondary)
                            if card.state != .active { Text(cardStateText(state: card.state, language: model.language)) }
                        }
                        .accessibilityElement(children: .combine)
                    }
                }
                Button(Words.scanTitle.text(model.language)) { model.scan() }
                NavigationLink(Words.historyTitle.text(model.language)) { HistoryView(model: model) }
                NavigationLink(Words.lostTitle.text(model.language)) { LostPhoneView(language: model.language) }
                NavigationLink(Words.phoneTitle.text(model.language)) { PhoneView(model: model) }
            }
            .navigationTitle(Words.cardTitleBar.text(model.language))
        }
    }
}

/// One card.
struct CardScreen: View {
    let model: CardModel
    let app: WalletModel
    @State private var show: ShowModel?
    @Environment(\.scenePhase) private var phase
    @Environment(\.isSceneCaptured) private var isCaptured

    var body: some View {
        List {
            if let bytes = model.portrait, let picture = UIImage(data: bytes) {
                Image(uiImage: picture).resizable().scaledToFit().frame(maxHeight: 160)
                    .accessibilityLabel(model.lines.name)
            }
            if let warning = model.warning { ErrorView(text: warning) }
            line(.name, model.lines.name)
            line(.birthDate, model.lines.birthDate)
            line(.registrationNumber, model.lines.registrationNumber)
            line(.address, model.lines.address)
            ForEach(model.claims, id: \.name) { line($0.label, $0.value) }
            line(.validUntil, model.card.validUntil)
            Text(model.state)
            if let day = model.card.copiesUntil { Text(Words.copiesUntil.text(model.language, day)).font(.footnote) }
            if let left = model.secondsLeft {
                Text(Words.hideIn.text(model.language, "\(left)")).monospacedDigit()
            } else {
                Button(Words.reveal.text(model.language)) { Task { await model.reveal(at: now()) } }.disabled(isCaptured)
                Text((isCaptured ? Words.showCaptured : .maskedNote).text(model.language)).font(.footnote)
            }
            if let failure = model.failure { ErrorView(text: failure) }
            if model.card.copies.isEmpty {
                Text(Words.notForCounters.text(model.language)).font(.footnote)
            } else {
                Button(Words.showTitle.text(model.language)) { show = app.show(model.card) }.disabled(!model.canShow)
            }
            if model.canRenew {
                Button(Words.renew.text(model.language)) { Task { await app.renew(model.card) } }
                Text(Words.renewBody.text(model.language)).font(.footnote)
            }
        }
        .navigationTitle(model.title)
        .task(id: ObjectIdentifier(model)) { await everySecond { model.tick(at: now()) } }
        .onAppear { model.isObserved = isCaptured }
        .onChange(of: isCaptured) { _, isCaptured in model.isObserved = isCaptured }
        .onChange(of: phase) { _, phase in if phase != .active { model.hide() } }
        .onDisappear { model.hide() }
        .sheet(item: $show) { ShowView(model: $0).privacyCovered($0.isPersonal) }
    }

    private func line(_ word: Words, _ value: String) -> some View { line(word.text(model.language), value) }

    private func line(_ label: String, _ value: String) -> some View {
        VStack(alignment: .leading) {
            Text(label).font(.caption).foregroundStyle(.secondary)
            Text(value)
        }
        .accessibilityElement(children: .combine)
    }
}

/// A show: what, to whom, one prompt, the code.
struct ShowView: View {
    let model: ShowModel
    @Environment(\.scenePhase) private var phase
    @Environment(\.isSceneCaptured) private var isCaptured
    @Environment(\.dismiss) private var dismiss
    @State private var brightness = Brightness(
        read: { ShowView.screen.map { Double($0.brightness) } ?? 0.5 }, write: { ShowView.screen?.brightness = $0 })

    var body: some View {
        Page {
            switch model.step {
            case .choosing, .over, .failed:
                if case .failed(let text) = model.step { ErrorView(text: text) }
                if model.step == .over { Text(Words.showOver.text(model.language)) }
                Text(model.audience).font(.headline)
                Text(Words.showWhat.text(model.language))
                ForEach(model.levels, id: \.text) { level in
                    Button(level.text) { model.show(level.disclosure) }
                        .buttonStyle(.borderedProminent)
                        .disabled(level.left == 0 || model.isObserved)
                        .accessibilityHint(Words.copiesLeft.text(model.language, "\(level.left)"))
                }
                Text(Words.showAsk.text(model.language)).font(.footnote)
            case .stale(_, let text):
                ErrorView(text: text)
                Button(Words.staleRefresh.text(model.language)) { model.freshenAndShow() }.buttonStyle(.borderedProminent)
                Button(Words.staleShow.text(model.language)) { model.showAnyway() }
            case .asking:
                ProgressView()
                Text(model.audience)
            case .showing:
                if let frame = model.frame {
                    QrView(code: frame.qr).accessibilityLabel(Words.showTitle.text(model.language))
                    Text(Words.showNext.text(model.language, "\(frame.secondsLeft)")).monospacedDigit()
                    ProgressView(value: Double(frame.step + 1), total: Double(frame.frames)).accessibilityHidden(true)
                } else {
                    Text(Words.showCaptured.text(model.language))
                }
                Text(Words.showProof.text(model.language)).font(.footnote)
                Button(Words.close.text(model.language)) {
                    model.end()
                    dismiss()
                }
            }
        }
        .task { await everySecond { model.tick() } }
        .onAppear { model.isObserved = isCaptured }
        .onChange(of: isCaptured) { _, isCaptured in model.isObserved = isCaptured || phase != .active }
        .onChange(of: phase) { _, phase in model.isObserved = isCaptured || phase != .active }
        .onChange(of: model.wantsBrightness) { _, wanted in brightness.follow(wanted) }
        .onDisappear {
            model.end()
            brightness.follow(false)
        }
    }

    private static var screen: UIScreen? {
        UIApplication.shared.connectedScenes.compactMap { ($0 as? UIWindowScene)?.screen }.first
    }
}

/// A code, with its quiet zone, black on white whatever the theme.
struct QrView: View {
    let code: QrCode

    var body: some View {
        Canvas { context, size in
            context.fill(Path(CGRect(origin: .zero, size: size)), with: .color(.white))
            let count = Int(code.size)
            let module = min(size.width, size.height) / Double(count + 8)
            for (index, dark) in code.modules.enumerated() where dark {
                let place = CGRect(
                    x: Double(index % count + 4) * module, y: Double(index / count + 4) * module, width: module, height: module)
                context.fill(Path(place), with: .color(.black))
            }
        }
        .aspectRatio(1, contentMode: .fit)
    }
}

/// What happened in this wallet.
struct HistoryView: View {
    let model: WalletModel

    var body: some View {
        List {
            let lines = model.history()
            if lines.isEmpty { Text(Words.historyEmpty.text(model.language)) }
            ForEach(Array(lines.enumerated()), id: \.offset) { _, line in
                VStack(alignment: .leading) {
                    Text(line.title).font(.headline)
                    if !line.detail.isEmpty { Text(line.detail) }
                    Text(line.at.formatted(date: .abbreviated, time: .shortened)).font(.caption).foregroundStyle(.secondary)
                }
                .accessibilityElement(children: .combine)
            }
        }
        .navigationTitle(Words.historyTitle.text(model.language))
    }
}

/// What to do and whom to call. It opens while the wallet is locked.
struct LostPhoneView: View {
    let language: Language
    @Environment(\.openURL) private var openURL

    var body: some View {
        List {
            Text(Words.lostBody.text(language))
            Text(Words.lostSteps.text(language))
            Button(Words.lostCall.text(language)) { call(LostPhone.operatorNumber) }
            Button(Words.lostCentre.text(language)) { call(LostPhone.centreNumber) }
        }
        .navigationTitle(Words.lostTitle.text(language))
    }

    private func call(_ number: String) { if let url = URL(string: "tel:\(number)") { openURL(url) } }
}

func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

/// Calls at the beginning of each second until the view goes away.
@MainActor
func everySecond(_ tick: () -> Void) async {
    while !Task.isCancelled {
        tick()
        let past = Date().timeIntervalSince1970.truncatingRemainder(dividingBy: 1)
        try? await Task.sleep(for: .seconds(1 - past))
    }
}
