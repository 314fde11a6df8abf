package kr.example.wallet.app

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.RectF
import android.nfc.NfcAdapter
import android.os.Build
import android.view.View

/** The back of the phone with the card on it, and the place of the antenna where the system tells it. */
internal class TapGuide(
    context: Context,
) : View(context) {
    private val antenna = NfcAdapter.getDefaultAdapter(context)?.let(::place) ?: (MIDDLE to UPPER)
    private val density = resources.displayMetrics.density
    private val line =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            style = Paint.Style.STROKE
            strokeWidth = 2 * density
            color = context.getColor(R.color.quiet)
        }
    private val card = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.tint) }
    private val edge =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            style = Paint.Style.STROKE
            strokeWidth = 2 * density
            color = context.getColor(R.color.primary)
        }
    private val mark = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.primary) }

    override fun onMeasure(
        widthMeasureSpec: Int,
        heightMeasureSpec: Int,
    ) = setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), (HEIGHT * density).toInt())

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        val tall = height - 8 * density
        val wide = tall * PHONE_SHAPE
        val back = RectF((width - wide) / 2, 4 * density, (width + wide) / 2, 4 * density + tall)
        canvas.drawRoundRect(back, 14 * density, 14 * density, line)
        val (x, y) = back.left + wide * antenna.first to back.top + tall * antenna.second
        // A card is about as wide as a phone.
        val half = wide * CARD_HALF
        val held = RectF(x - half, y - half * CARD_SHAPE, x + half, y + half * CARD_SHAPE)
        canvas.drawRoundRect(held, 6 * density, 6 * density, card)
        canvas.drawRoundRect(held, 6 * density, 6 * density, edge)
        canvas.drawCircle(x, y, 5 * density, mark)
        for (ring in 1..2) canvas.drawCircle(x, y, (5 + 7 * ring) * density, edge)
    }

    private companion object {
        /** Density-independent pixels. */
        const val HEIGHT = 240
        const val MIDDLE = 0.5f
        const val UPPER = 0.3f
        const val PHONE_SHAPE = 0.48f
        const val CARD_SHAPE = 0.63f
        const val CARD_HALF = 0.62f

        /** As parts of the back, from its left and its top; nothing where the system does not tell. */
        fun place(nfc: NfcAdapter): Pair<Float, Float>? {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return null
            val info = nfc.nfcAntennaInfo ?: return null
            val first = info.availableNfcAntennas.firstOrNull() ?: return null
            if (info.deviceWidth <= 0 || info.deviceHeight <= 0) return null
            // Told from the lower left of the front; seen from behind, left and right change.
            val x = 1 - first.locationX.toFloat() / info.deviceWidth
            val y = 1 - first.locationY.toFloat() / info.deviceHeight
            return (x to y).takeIf { x in 0f..1f && y in 0f..1f }
        }
    }
}
