package kr.example.wallet.app

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Rect
import android.view.View
import kr.example.wallet.core.QrCode
import kr.example.wallet.pixels

/** A code as large as the place allows, in whole pixels a module, black on white whatever the theme is. */
internal class CodeView(
    context: Context,
) : View(context) {
    private var code: QrCode? = null
    private var picture: Bitmap? = null

    // Not smoothed: the edges of the modules are what a scanner looks for.
    private val paint = Paint().apply { isFilterBitmap = false }

    fun show(next: QrCode) {
        if (next == code) return
        code = next
        val pixels = next.pixels(scale = 1)
        picture = Bitmap.createBitmap(pixels.argb, pixels.side, pixels.side, Bitmap.Config.ARGB_8888)
        invalidate()
    }

    fun clear() {
        code = null
        picture = null
        invalidate()
    }

    override fun onMeasure(
        widthMeasureSpec: Int,
        heightMeasureSpec: Int,
    ) {
        val side = MeasureSpec.getSize(widthMeasureSpec).coerceAtMost(resources.displayMetrics.heightPixels * 6 / 10)
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), side)
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        canvas.drawColor(Color.WHITE)
        val picture = picture ?: return
        val scale = (minOf(width, height) / picture.width).coerceAtLeast(1)
        val side = picture.width * scale
        val left = (width - side) / 2
        val top = (height - side) / 2
        canvas.drawBitmap(picture, null, Rect(left, top, left + side, top + side), paint)
    }
}
