package kr.example.wallet

import kr.example.wallet.core.QrCode

/** Light modules around the symbol. ISO/IEC 18004, 9.1. */
private const val QUIET_ZONE = 4
private const val BLACK = 0xFF000000.toInt()
private const val WHITE = 0xFFFFFFFF.toInt()

/** A picture of the code. */
public class QrPixels(
    /** Pixels along one side. */
    public val side: Int,
    /** `side × side` colours, row by row, as `Bitmap.createBitmap` takes them: opaque black or white. */
    public val argb: IntArray,
)

/** The code as a picture with its quiet zone, [scale] pixels a module. */
public fun QrCode.pixels(scale: Int): QrPixels {
    require(scale > 0) { "scale" }
    val size = size.toInt()
    val side = (size + 2 * QUIET_ZONE) * scale
    val argb = IntArray(side * side) { WHITE }
    modules.forEachIndexed { index, dark ->
        if (dark) {
            val left = (index % size + QUIET_ZONE) * scale
            val top = (index / size + QUIET_ZONE) * scale
            for (y in top until top + scale) argb.fill(BLACK, y * side + left, y * side + left + scale)
        }
    }
    return QrPixels(side, argb)
}
