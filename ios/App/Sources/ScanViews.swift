import AVFoundation
import SwiftUI
import UIKit
import WalletKit
import WalletScreens

/// The one door for every code.
struct ScanView: View {
    let model: ScanModel
    let app: WalletModel
    @State private var pasted = ""
    /// Not known before the citizen was asked.
    @State private var hasCamera: Bool?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            Group {
                switch model.step {
                case .looking:
                    Page {
                        if hasCamera == true {
                            CameraView { text in Task { await model.scanned(text) } }
                                .aspectRatio(1, contentMode: .fit)
                                .accessibilityLabel(Words.scanHint.text(model.language))
                        } else if hasCamera == false {
                            Text(Words.cameraDenied.text(model.language))
                        }
                        Text(Words.scanHint.text(model.language)).font(.footnote)
                        TextField(Words.scanAny.text(model.language), text: $pasted)
                            .textFieldStyle(.roundedBorder)
                            .textInputAutocapitalization(.never)
                            .autocorrectionDisabled()
                            .onSubmit { Task { await model.scanned(pasted) } }
                    }
                case .offer(let offer): OfferScreen(model: offer) { dismiss() }
                case .desk(let desk): DeskView(desk: desk, scan: model, app: app)
                case .show(let show): ShowView(model: show)
                case .failed(let text):
                    Page {
                        ErrorView(text: text)
                        Button(Words.again.text(model.language)) { model.again() }
                    }
                }
            }
            .navigationTitle(Words.scanTitle.text(model.language))
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button(Words.close.text(model.language)) { dismiss() } }
            }
        }
        .task { hasCamera = await AVCaptureDevice.requestAccess(for: .video) }
    }
}

/// Consent, the spoken digits, the card.
struct OfferScreen: View {
    @Bindable var model: OfferModel
    let close: () -> Void
    @Environment(\.openURL) private var openURL

    var body: some View {
        Page {
            switch model.step {
            case .opening: ProgressView()
            case .asking(let view):
                Text(view.documents.joined(separator: ", ")).font(.title2).accessibilityAddTraits(.isHeader)
                Text(Words.offerFrom.text(model.language, view.issuerName ?? view.issuer))
                if let wrong = model.wrong { ErrorView(text: wrong) }
                if let form = view.transactionCode {
                    Text(form.description ?? Words.offerDigits.text(model.language)).font(.footnote)
                    TextField(Words.offerDigits.text(model.language), text: $model.digits)
                        .keyboardType(form.numeric ? .numberPad : .default)
                        .textInputAutocapitalization(.never)
                        .autocorrectionDisabled()
                        .textFieldStyle(.roundedBorder)
                        .coveredWhileCaptured()
                }
                Button(Words.offerAccept.text(model.language)) { model.accept() }
                    .buttonStyle(.borderedProminent)
                    .disabled(!model.canAccept)
            case .working(let text):
                ProgressView()
                Text(text)
                Button(Words.cancel.text(model.language)) { model.cancel() }
            case .signIn(let url):
                Button(Words.offerSignIn.text(model.language)) { openURL(url) }.buttonStyle(.borderedProminent)
            case .later(let seconds):
                Text(Words.offerLater.text(model.language, Words.span(seconds, model.language)))
                Button(Words.close.text(model.language), action: close)
            case .done:
                Text(Words.cardDone.text(model.language))
                Button(Words.close.text(model.language), action: close).buttonStyle(.borderedProminent)
            case .failed(let text):
                ErrorView(text: text)
                Button((model.isLocked ? Words.unlock : .again).text(model.language)) { model.again() }
                    .buttonStyle(.borderedProminent)
                Button(Words.close.text(model.language), action: close)
            }
        }
    }
}

/// A verified desk: the show goes to it.
struct DeskView: View {
    let desk: DeskSign
    let scan: ScanModel
    let app: WalletModel

    var body: some View {
        Page {
            Text(Words.showTo.text(app.language, desk.name(language: app.language))).font(.title2)
            ForEach(app.cards.filter { $0.canBeShown }, id: \.id) { card in
                Button(app.title(card)) { scan.show(card) }.buttonStyle(.borderedProminent)
            }
            if app.cards.isEmpty {
                Button(Words.unlock.text(app.language)) { Task { await app.unlock() } }
            }
        }
    }
}

/// The camera, which says every code it sees.
struct CameraView: UIViewRepresentable {
    let seen: @MainActor (String) -> Void

    func makeCoordinator() -> Eye { Eye(seen) }

    func makeUIView(context: Context) -> Preview {
        let view = Preview(frame: .zero)
        context.coordinator.open(in: view)
        return view
    }

    func updateUIView(_ view: Preview, context: Context) {}

    static func dismantleUIView(_ view: Preview, coordinator: Eye) { coordinator.close() }

    /// Its own layer is the camera's picture, so that it is as large as the view, whenever that gets its size.
    final class Preview: UIView {
        override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }
    }

    /// The session belongs to its own queue, which alone starts and stops it.
    @MainActor
    final class Eye: NSObject, AVCaptureMetadataOutputObjectsDelegate {
        private struct Session: @unchecked Sendable { let capture = AVCaptureSession() }
        private let seen: @MainActor (String) -> Void
        private let session = Session()
        private let queue = DispatchQueue(label: "kr.example.wallet.camera")

        init(_ seen: @escaping @MainActor (String) -> Void) { self.seen = seen }

        func open(in view: Preview) {
            guard let camera = AVCaptureDevice.default(for: .video), let input = try? AVCaptureDeviceInput(device: camera) else {
                return
            }
            let output = AVCaptureMetadataOutput()
            guard session.capture.canAddInput(input), session.capture.canAddOutput(output) else { return }
            session.capture.addInput(input)
            session.capture.addOutput(output)
            // Known only after the output has a session.
            output.metadataObjectTypes = [.qr]
            output.setMetadataObjectsDelegate(self, queue: .main)
            if let layer = view.layer as? AVCaptureVideoPreviewLayer {
                layer.session = session.capture
                layer.videoGravity = .resizeAspectFill
            }
            let session = self.session
            queue.async { session.capture.startRunning() }
        }

        func close() {
            let session = self.session
            queue.async { session.capture.stopRunning() }
        }

        nonisolated func metadataOutput(
            _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
        ) {
            let texts = objects.compactMap { ($0 as? AVMetadataMachineReadableCodeObject)?.stringValue }
            // Called on the main queue, as asked for above.
            MainActor.assumeIsolated { for text in texts { seen(text) } }
        }
    }
}
