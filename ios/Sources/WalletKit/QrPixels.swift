/// A picture of a code: one byte a pixel, row by row, 0 black and 255 white, as an 8-bit grey `CGImage` takes it.
public struct QrPixels: Sendable, Equatable {
    /// Pixels along one side.
    public let side: Int
    /// `side × side` bytes.
    public let grey: [UInt8]
}

extension QrCode {
    /// The code as a picture with its quiet zone of four light modules (ISO/IEC 18004, 9.1), `scale` pixels a module.
    /// A scale below one counts as one.
    public func pixels(scale: Int) -> QrPixels {
        let (quiet, scale, size) = (4, max(scale, 1), Int(self.size))
        let side = (size + 2 * quiet) * scale
        var grey = [UInt8](repeating: 255, count: side * side)
        for (index, dark) in modules.enumerated() where dark && index < size * size {
            let (left, top) = ((index % size + quiet) * scale, (index / size + quiet) * scale)
            for y in top..<top + scale {
                for x in left..<left + scale { grey[y * side + x] = 0 }
            }
        }
        return QrPixels(side: side, grey: grey)
    }
}
